from django.conf import settings
from django.http import HttpRequest


def release(request: HttpRequest) -> dict[str, str]:
    """Tell every page which release it wears."""
    return {"release_version": settings.RELEASE_VERSION}

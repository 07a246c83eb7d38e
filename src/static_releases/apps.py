"""The Django app: it registers the system checks."""

from django.apps import AppConfig
from django.core import checks


class StaticReleasesConfig(AppConfig):
    name = "static_releases"
    verbose_name = "Static releases"

    def ready(self) -> None:
        from static_releases.checks import check_staticfiles_storage

        # collectstatic runs the checks of this tag: a wrong setting stops it before it collects.
        checks.register(check_staticfiles_storage, checks.Tags.staticfiles)

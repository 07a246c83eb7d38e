"""The site for gunicorn, with WhiteNoise before it where no bucket or CDN serves the assets."""

import os
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise


def with_assets(application: WSGIHandler) -> WSGIHandler | WhiteNoise:
    """Serve every release of a `file://` store, or what was collected where there is no store.

    WhiteNoise reads the folder once, when the process starts; a new release comes with a restart.
    """
    store, prefix = urlsplit(settings.STATIC_STORE), settings.STATIC_URL
    if store.scheme == "file":
        folder = url2pathname(store.path)
        return WhiteNoise(
            application, root=folder, prefix=prefix, immutable_file_test=is_in_a_release
        )
    if not settings.STATIC_STORE and Path(settings.STATIC_ROOT).is_dir():
        return WhiteNoise(application, root=settings.STATIC_ROOT, prefix=prefix)
    return application


def is_in_a_release(path: str, url: str) -> bool:
    """Tell /static/v1.2.3/... from the store's own documents, /static/_releases/ and _pins/."""
    return not url.removeprefix(settings.STATIC_URL).startswith("_")


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lantern.settings")
application = with_assets(get_wsgi_application())
if not settings.DEBUG and "SECRET_KEY" not in os.environ:
    raise ImproperlyConfigured("Set SECRET_KEY in the environment; only builds go without one.")

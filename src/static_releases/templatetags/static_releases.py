"""``{% load static_releases %}``: what a template may ask of the release that it shows.

They are plain functions, so that a Jinja2 environment can have them among its globals.
"""

from urllib.parse import urlsplit

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage

from static_releases.core import integrity
from static_releases.storage import ReleaseStaticFilesStorage

register = template.Library()


@register.simple_tag
def static_integrity(path: str) -> str:
    """Return the W3C SRI value of an asset, for the attribute ``integrity``.

    Empty with DEBUG or without a store: there the files are served as they are on the disk and
    may change under a page, and a browser takes an empty attribute for none (W3C SRI, 3.3.5).
    """
    storage = staticfiles_storage
    if not isinstance(storage, ReleaseStaticFilesStorage) or not storage.serves_release:
        return ""
    # With hashed names, the file that `static` names has other bytes than the one it came from.
    stored_name = getattr(storage, "stored_name", None)
    name = urlsplit(stored_name(path)).path if stored_name else path.lstrip("/")
    return integrity.value(storage.integrity, name, storage.configuration.version)


@register.simple_tag
def release_version() -> str:
    """Return the version of the release in use, or "" where none is set."""
    storage = staticfiles_storage
    return storage.configuration.version if isinstance(storage, ReleaseStaticFilesStorage) else ""

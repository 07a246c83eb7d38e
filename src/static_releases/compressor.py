"""django-compressor's offline manifest, written in order and read from the record.

Only loaded where ``COMPRESS_OFFLINE_MANIFEST_STORAGE`` names it.
"""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage

from static_releases.storage import ReleaseStaticFilesStorage


class OfflineManifestStorage(FileSystemStorage):
    """Keeps the manifest among the outputs of `compress`; a container reads it from the record."""

    def __init__(self) -> None:
        super().__init__(
            location=Path(_setting("COMPRESS_ROOT")) / _setting("COMPRESS_OUTPUT_DIR"),
            allow_overwrite=True,
        )

    def exists(self, name: str) -> bool:
        release = _release()
        if release is None:
            return super().exists(name)
        return release.carried(_asset_path(name)) is not None

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        release = _release()
        body = release.carried(_asset_path(name)) if release is not None else None
        if body is not None:
            return ContentFile(body, name=name)
        opened: File[Any] = super()._open(name, mode)  # type: ignore[misc]
        return opened

    def _save(self, name: str, content: Any) -> str:
        # `compress` goes through a set of templates on threads: its order is another each time,
        # and the same files must give the same bytes.
        entries = json.loads(content.read())
        in_order = json.dumps(entries, indent=1, sort_keys=True).encode() + b"\n"
        saved: str = super()._save(name, ContentFile(in_order))  # type: ignore[misc]
        return saved


def _release() -> ReleaseStaticFilesStorage | None:
    """Return the storage whose release is in use; None with DEBUG or without a store."""
    if settings.DEBUG or not isinstance(staticfiles_storage, ReleaseStaticFilesStorage):
        return None
    return staticfiles_storage if staticfiles_storage.configuration.has_store else None


def _asset_path(name: str) -> str:
    return f"{_setting('COMPRESS_OUTPUT_DIR').strip('/')}/{name}".lstrip("/")


def _setting(name: str) -> str:
    """Return a setting to which compressor's own app gives a default."""
    return str(getattr(settings, name))

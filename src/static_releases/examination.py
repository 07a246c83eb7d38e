"""The build-time findings of a Django project: its collected files and its templates."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import STATICFILES_STORAGE_ALIAS, settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.storage import FileSystemStorage, storages

from static_releases import template_findings
from static_releases.core import findings
from static_releases.core.configuration import Configuration
from static_releases.core.findings import Finding, Source


def find(
    config: Configuration,
    files: Mapping[str, Path],
    origins: Mapping[str, Path] | None = None,
) -> list[Finding]:
    """Return what is wrong with the files of a release, and with the templates that name them.

    ``origins`` are the files that the finders found, by path; without them the finders are asked.
    A file that none of them found was made from others, which are examined themselves: what is
    found in it is a warning.
    """
    known = _origins() if origins is None else origins
    sources = (_source(path, file, known.get(path)) for path, file in files.items())
    static_url = settings.STATIC_URL or ""
    return [
        *findings.find(sources, static_url=static_url, ignore=config.ignore),
        *template_findings.find(
            files.keys(), is_own=findings.is_own, names=_names(), ignore=config.ignore
        ),
    ]


def _names() -> template_findings.Names:
    url: Any = type(storages[STATICFILES_STORAGE_ALIAS]).url
    if url is FileSystemStorage.url:
        return "plain"
    return "hashed" if url is HashedFilesMixin.url else "own"


def on_disk(storage: Any, path: str) -> Path | None:
    """Return the file that a finder's storage has there, or None if it keeps it elsewhere.

    What such a storage answers to `path`, if it does, is only a name to print.
    """
    try:
        file = Path(storage.path(path))
    except NotImplementedError:
        return None
    return file if isinstance(storage, FileSystemStorage) or file.exists() else None


def _source(path: str, file: Path, origin: Path | None) -> Source:
    own = origin is not None and findings.is_own(origin)
    return Source(path=path, file=origin if origin is not None else file, own=own)


def _origins() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for finder in get_finders():
        for path, storage in finder.list([]):
            prefix = getattr(storage, "prefix", None)
            file = on_disk(storage, path)
            if file is not None:
                found.setdefault(f"{prefix}/{path}" if prefix else path, file)
    return found

"""System checks of django-compressor's settings. They read settings and ask the network nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import STATICFILES_STORAGE_ALIAS, settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InvalidStorageError, storages
from django.utils.module_loading import import_string

from static_releases.core import collecting
from static_releases.storage import ReleaseStaticFilesStorage

MANIFEST_STORAGE = "static_releases.compressor.OfflineManifestStorage"
RELATIVE_FILTER = "compressor.filters.css_default.CssRelativeFilter"
FILE_STORAGE = "compressor.storage.CompressorFileStorage"
GZIP_STORAGE = "compressor.storage.GzipCompressorFileStorage"
ABSOLUTE_FILTER = "compressor.filters.css_default.CssAbsoluteFilter"


def compressor_messages() -> list[CheckMessage]:
    """Say which settings of an installed django-compressor don't go with a release.

    Without a store, or where nothing is compressed (DEBUG), there is nothing to say.
    """
    storage = _storage()
    if storage is None or not apps.is_installed("compressor") or not _setting("ENABLED"):
        return []
    if not _setting("OFFLINE"):
        return [_online()]
    return [
        *_names(),
        *_filters(),
        *_urls(storage),
        *_places(storage),
        *_publication(storage),
    ]


def _storage() -> ReleaseStaticFilesStorage | None:
    try:
        storage = storages[STATICFILES_STORAGE_ALIAS]
    except (ImproperlyConfigured, InvalidStorageError):
        return None  # E001 tells
    if not isinstance(storage, ReleaseStaticFilesStorage) or settings.DEBUG:
        return None
    return storage if storage.configuration.has_store else None


def _setting(name: str) -> Any:
    """Return a setting of compressor's, with the default that its app gives it."""
    from compressor.conf import settings as compressors

    return getattr(compressors, f"COMPRESS_{name}")


def _caution(number: int, what: str, hint: str) -> CheckMessage:
    return Caution(what, hint=hint, id=f"static_releases.W{number:03}")


def _online() -> CheckMessage:
    return _caution(
        10,
        "django-compressor compresses while pages are rendered, and a release is never changed: "
        "browsers would ask it for files that it doesn't have.",
        "Set COMPRESS_OFFLINE = True and run `compress` between collectstatic and "
        "`staticreleases publish`; or COMPRESS_ENABLED = False.",
    )


def _names() -> Iterable[CheckMessage]:
    """Find what gives the same files other bytes in the next build."""
    found = _setting("OFFLINE_MANIFEST_STORAGE")
    if not _derives(found, MANIFEST_STORAGE):
        yield _caution(
            11,
            f"COMPRESS_OFFLINE_MANIFEST_STORAGE is {found}: the manifest is in another order after "
            "each build, and a container doesn't find it in the record.",
            f'Set COMPRESS_OFFLINE_MANIFEST_STORAGE = "{MANIFEST_STORAGE}".',
        )
    if _setting("CSS_HASHING_METHOD") == "mtime":
        yield _caution(
            12,
            "COMPRESS_CSS_HASHING_METHOD is 'mtime': the times of files differ from build to "
            "build, and so would the compressed CSS and its name.",
            'Set COMPRESS_CSS_HASHING_METHOD = "content", or None.',
        )


def _filters() -> Iterable[CheckMessage]:
    names = _setting("FILTERS").get("css", ())
    absolute = [name for name in names if _derives(name, ABSOLUTE_FILTER)]
    for name in absolute:
        if not _derives(name, RELATIVE_FILTER):
            yield _caution(
                13,
                f"COMPRESS_FILTERS has {name}: it writes the URL of one release into the CSS.",
                f'Put "{RELATIVE_FILTER}" in its place.',
            )
    if not absolute:
        yield _caution(
            13,
            "COMPRESS_FILTERS has no filter for the URLs in CSS: a relative one leads nowhere from "
            "where the compressed file lies.",
            f'Put "{RELATIVE_FILTER}" first.',
        )


def _urls(storage: ReleaseStaticFilesStorage) -> Iterable[CheckMessage]:
    placeholder = _setting("URL_PLACEHOLDER")
    if not placeholder or placeholder == str(_setting("URL")):
        yield _caution(
            15,
            f"COMPRESS_URL_PLACEHOLDER is {placeholder!r}: the URL of the build would stay in the "
            "manifest.",
            "Leave it out of the settings.",
        )
    try:
        expected = storage.base_url
    except ImproperlyConfigured:
        return  # without a version or a public URL there is none to compare; W001 tells
    for name, found in (
        ("STATIC_URL", str(settings.STATIC_URL)),
        ("COMPRESS_URL", str(_setting("URL"))),
    ):
        if found != expected:
            yield _caution(
                14,
                f"{name} is {found!r}, and the release's URL is {expected!r}: django-compressor "
                "doesn't know the release's files by it.",
                "Let STATIC_URL be the release's URL where there is a store, and leave "
                "COMPRESS_URL out: it is then the same.",
            )


def _places(storage: ReleaseStaticFilesStorage) -> Iterable[CheckMessage]:
    root, collected = _setting("ROOT"), storage.configuration.directory
    if collected is None or Path(root).absolute() != collected.absolute():
        yield _caution(
            16,
            f"COMPRESS_ROOT is {root}, and what is published is {collected}: the outputs would "
            "not be in the release.",
            "Leave COMPRESS_ROOT out of the settings: it is then STATIC_ROOT.",
        )
    found = _output_storage()
    if not _derives(found, FILE_STORAGE) or _derives(found, GZIP_STORAGE):
        yield _caution(
            17,
            f"The outputs are written by {found}: elsewhere than "
            "into STATIC_ROOT, or under other names or with other bytes after each build.",
            f"Leave COMPRESS_STORAGE out of the settings: it is then {FILE_STORAGE}.",
        )


def _publication(storage: ReleaseStaticFilesStorage) -> Iterable[CheckMessage]:
    if storage.publish_on_collect:
        yield _caution(
            18,
            "collectstatic publishes before `compress` has run: the release would have no "
            "compressed files.",
            "Set the option `publish_on_collect` to False; run collectstatic, compress, "
            "`staticreleases publish`.",
        )
    config = storage.configuration
    manifest = f"{_setting('OUTPUT_DIR')}/{_setting('OFFLINE_MANIFEST')}".strip("/")
    is_carried = collecting.matches(manifest, config.carry)
    if not is_carried or collecting.matches(manifest, config.exclude):
        yield _caution(
            19,
            f"{manifest} isn't carried in the record, and every page needs it.",
            f"Add {manifest!r} to the option `carry`, and let `exclude` not match it.",
        )


def _derives(name: object, base: str) -> bool:
    """Tell whether the class of this name is the other or derived from it.

    One that can't be imported is not; that `compress` will tell.
    """
    try:
        found = name if isinstance(name, type) else import_string(str(name))
    except ImportError:
        return False
    return isinstance(found, type) and issubclass(found, import_string(base))


def _output_storage() -> object:
    alias = _setting("STORAGE_ALIAS")
    return settings.STORAGES.get(alias, {}).get("BACKEND", _setting("STORAGE"))

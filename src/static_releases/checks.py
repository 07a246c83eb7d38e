"""System checks. They read the settings and ask the network nothing."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import STATICFILES_STORAGE_ALIAS, settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InvalidStorageError, storages

from static_releases import collector
from static_releases.compressor_checks import compressor_messages
from static_releases.core import layout
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting
from static_releases.storage import ReleaseStaticFilesStorage
from static_releases.takeover import NotSet

_MEND_STORAGES = 'Mend STORAGES["staticfiles"]; docs/reference/options.md has every option.'


def check_staticfiles_storage(
    app_configs: Sequence[Any] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Check the options of the static-files storage, where it is this package's."""
    try:
        storage = storages[STATICFILES_STORAGE_ALIAS]
    except (ImproperlyConfigured, InvalidStorageError) as error:
        return [_wrong_option(error)]
    if not isinstance(storage, ReleaseStaticFilesStorage):
        return []
    ignored = _ignore_messages(storage.configuration)
    if not storage.configuration.has_store:
        return ignored
    return [
        *ignored,
        *_store_messages(storage.configuration),
        *_collectstatic_messages(storage),
        *_directory_messages(storage),
        *_version_messages(storage.configuration),
        *_debug_messages(storage.configuration),
        *_url_messages(storage.configuration),
        *compressor_messages(),
    ]


def _wrong_option(error: Exception) -> CheckMessage:
    return Error(str(error), hint=_MEND_STORAGES, id="static_releases.E001")


def _ignore_messages(config: Configuration) -> list[CheckMessage]:
    if not config.ignore:
        return []
    # Not above: a web worker finds nothing, and need not load what does.
    from static_releases.core import findings

    try:
        findings.without((), config.ignore)
    except InvalidSetting as error:
        return [_wrong_option(error)]
    return []


def _store_messages(config: Configuration) -> list[CheckMessage]:
    """Work out a store that is taken over from django-storages; that makes no request.

    Without a version nothing is: a hand-made class may need it, and `migrate` doesn't.
    """
    try:
        if config.version:
            config.require_target()
    except InvalidSetting as error:
        # An image that only serves has neither the SDK nor the account: with `base_url` it needs
        # none of them. Publishing tells.
        if config.base_url and isinstance(error, NotSet):
            return []
        return [_wrong_option(error)]
    return []


def _version_messages(config: Configuration) -> list[CheckMessage]:
    if not config.version:
        return [
            Caution(
                f"The store {config.store_name} is configured, and no version.",
                hint="Set the option `version` or RELEASE_VERSION. Until then asset URLs and "
                "publishing fail.",
                id="static_releases.W001",
            )
        ]
    if layout.looks_mutable(config.version):
        return [
            Caution(
                f"The version {config.version!r} sounds like a name that moves from release to "
                "release. A release is never changed, so it can be published once.",
                hint="Use a version of its own for each release: v1.2.3, a date, a commit hash.",
                id="static_releases.W002",
            )
        ]
    return []


def _collectstatic_messages(storage: ReleaseStaticFilesStorage) -> list[CheckMessage]:
    """Refuse a set-up in which collectstatic would end well and publish nothing."""
    if not storage.publish_on_collect:
        return []
    app = collector.foreign()
    if app is None:
        return []
    return [
        Error(
            f"collectstatic is the command of {app!r}, which collects and doesn't publish.",
            hint=collector.advice(app),
            id="static_releases.E002",
        )
    ]


def _directory_messages(storage: ReleaseStaticFilesStorage) -> list[CheckMessage]:
    # With publish_on_collect=False, `publish DIR` may name the directory.
    if storage.configuration.directory is not None or not storage.publish_on_collect:
        return []
    return [
        Error(
            f"The store {storage.configuration.store_name} is configured, and STATIC_ROOT isn't "
            "set.",
            hint="Set STATIC_ROOT to a directory of its own: collectstatic collects into it and "
            "publishes from it, and the record is left beside it.",
            id="static_releases.E003",
        )
    ]


def _debug_messages(config: Configuration) -> list[CheckMessage]:
    if not settings.DEBUG:
        return []
    return [
        Caution(
            f"DEBUG is on, and the store {config.store_name} is configured: pages name files under "
            "STATIC_URL, not the release.",
            hint="Set DEBUG to False where the release is to be used; on a laptop, leave the "
            "option `store` empty.",
            id="static_releases.W003",
        )
    ]


def _url_messages(config: Configuration) -> list[CheckMessage]:
    url = _public_url(config)
    parts = urlsplit(url)
    if parts.scheme != "http" or _is_loopback(parts.hostname or ""):
        return []
    return [
        Caution(
            f"Assets have the URL {url}, without https: whoever is on the way can change them, "
            "and a browser blocks them in a page that came over https.",
            hint="Set the option `base_url` to an https:// URL of the store or its CDN.",
            id="static_releases.W004",
        )
    ]


def _public_url(config: Configuration) -> str:
    if not config.base_url and not config.version:
        return ""
    try:
        return config.base_url or config.store_url()
    except InvalidSetting:
        return ""


def _is_loopback(host: str) -> bool:
    """Tell whether the host is this machine (RFC 6761, 6.3, and RFC 1122, 3.2.1.3)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

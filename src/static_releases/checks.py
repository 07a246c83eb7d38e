"""System checks. They read the settings and ask the network nothing."""

from collections.abc import Sequence
from typing import Any

from django.conf import STATICFILES_STORAGE_ALIAS
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InvalidStorageError, storages
from django.core.management import get_commands

from static_releases.core import layout
from static_releases.core.errors import InvalidSetting
from static_releases.storage import ReleaseStaticFilesStorage


def check_staticfiles_storage(
    app_configs: Sequence[Any] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Check the options of the static-files storage, where it is this package's."""
    try:
        storage = storages[STATICFILES_STORAGE_ALIAS]
    except (ImproperlyConfigured, InvalidStorageError) as error:
        return [Error(str(error), id="static_releases.E001")]
    if not isinstance(storage, ReleaseStaticFilesStorage):
        return []
    return [
        *_store_messages(storage),
        *_version_messages(storage),
        *_collectstatic_messages(storage),
    ]


def _store_messages(storage: ReleaseStaticFilesStorage) -> list[CheckMessage]:
    """Work out a store that is taken over from django-storages; that makes no request.

    Without a version nothing is: a hand-made class may need it, and `migrate` doesn't.
    """
    config = storage.configuration
    try:
        if config.has_store and config.version:
            config.require_target()
    except InvalidSetting as error:
        # An image that only serves needs no SDK: with `base_url` the class is never loaded.
        if config.base_url and isinstance(error.__cause__, ImportError):
            return []
        return [Error(str(error), id="static_releases.E001")]
    return []


def _version_messages(storage: ReleaseStaticFilesStorage) -> list[CheckMessage]:
    config = storage.configuration
    if not config.has_store:
        return []
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
    if not storage.configuration.has_store or not storage.publish_on_collect:
        return []
    owner = get_commands().get("collectstatic")
    if owner == "static_releases":
        return []
    return [
        Error(
            f"collectstatic is the command of {owner!r}, which collects and doesn't publish.",
            hint=f'Put "static_releases" before {str(owner)!r} in INSTALLED_APPS, or set '
            "`publish_on_collect` to False and run `staticreleases publish` afterwards.",
            id="static_releases.E002",
        )
    ]

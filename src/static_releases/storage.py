"""Django's static-files storage, with the URLs of a release.

Collecting is Django's own, into STATIC_ROOT; URLs are string work. No request is made and the
store's client library isn't loaded before something is published.
"""

import difflib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.storage import (
    ManifestFilesMixin,
    ManifestStaticFilesStorage,
    StaticFilesStorage,
)
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import cached_property

from static_releases import collector, options, takeover
from static_releases.core import carried, collecting, configuration, integrity, transfers
from static_releases.core.errors import InvalidDocument, InvalidSetting, NotReady


class ReleaseStaticFilesStorage(StaticFilesStorage):
    """Collects into STATIC_ROOT; URLs name the release of ``version`` in the ``store``.

    Without a store it is Django's `StaticFilesStorage`. With DEBUG, URLs are STATIC_URL + path.
    Raises `ImproperlyConfigured` for an option that is unknown or wrong.
    """

    _constructor_args: tuple[tuple[Any, ...], dict[str, Any]]
    # Set by the collectstatic that publishes, for as long as it collects.
    is_publishing = False

    def __init__(
        self,
        *,
        location: str | Path | None = None,
        version: str | None = "",
        store: str | Mapping[str, Any] | None = "",
        store_options: Mapping[str, Any] | None = None,
        base_url: str | None = "",
        publish_on_collect: bool = True,
        record_dir: str | Path | None = None,
        exclude: Iterable[str] = (),
        carry: Iterable[str] = configuration.CARRY,
        ignore: Iterable[str] = (),
        max_asset_bytes: int = collecting.MAX_ASSET_BYTES,
        in_flight: int = transfers.IN_FLIGHT,
        file_permissions_mode: int | None = None,
        directory_permissions_mode: int | None = None,
        **unknown: object,
    ) -> None:
        _refuse_unknown(unknown)
        _refuse_mixed(type(self))
        self._forget_store()
        self._static_url = _with_slash(settings.STATIC_URL or "")
        with _as_improperly_configured():
            super().__init__(
                location=options.path("location", location)
                or options.path("settings.STATIC_ROOT", settings.STATIC_ROOT),
                file_permissions_mode=options.mode("file_permissions_mode", file_permissions_mode),
                directory_permissions_mode=options.mode(
                    "directory_permissions_mode", directory_permissions_mode
                ),
            )
            self.publish_on_collect = options.flag("publish_on_collect", publish_on_collect)
            client_options = options.mapping("store_options", store_options)
            url = options.text("base_url", base_url)
            self.configuration = configuration.make(
                store=takeover.recognize(
                    "" if store is None else store,
                    store_options=client_options,
                    versions=(version, _release_version()),
                    needs_url=not url,
                ),
                store_options=client_options,
                version=options.text("version", version)
                or options.text("settings.RELEASE_VERSION", _release_version()),
                base_url=url,
                local_url=self._static_url,
                directory=Path(self.location) if self.location else None,
                record_dir=options.path("record_dir", record_dir),
                exclude=options.patterns("exclude", exclude),
                carry=options.patterns("carry", carry),
                ignore=options.patterns("ignore", ignore),
                max_asset_bytes=max_asset_bytes,
                in_flight=in_flight,
            )
        if self.configuration.has_store:
            _require_installed()

    @property
    def base_url(self) -> str:
        """The prefix of every asset's URL, with a slash at the end."""
        return self._release_url if self.serves_release else self._static_url

    @property
    def serves_release(self) -> bool:
        """Tell whether URLs are a release's, and not STATIC_URL + path."""
        return self.configuration.has_store and not settings.DEBUG

    @cached_property
    def integrity(self) -> Mapping[str, str]:
        """The W3C SRI value of each asset of the release, read once; see `core.integrity`."""
        with _as_improperly_configured():
            return integrity.of_release(self.configuration)

    @cached_property
    def _release_url(self) -> str:
        with _as_improperly_configured():
            version = self.configuration.require_version()
            return f"{self.configuration.public_url()}{version}/"

    def exists(self, name: str) -> bool:
        """Tell as Django does; every collectstatic asks that first of each file."""
        self._require_publisher()
        return super().exists(name)

    def _save(self, name: str, content: Any) -> str:
        self._require_publisher()
        saved: str = super()._save(name, content)  # type: ignore[misc]  # not in the stubs
        return saved

    def post_process(
        self,
        paths: dict[str, Any],
        dry_run: bool = False,  # noqa: FBT001, FBT002  (Django's signature)
        **options: Any,
    ) -> Iterator[Any]:
        """Change nothing; every collectstatic comes here at its end, also Django's own."""
        self.require_publishing()
        return iter(())

    def require_publishing(self) -> None:
        """Refuse a collectstatic that ends well and publishes nothing, although it should."""
        if self._publishes and not self.is_publishing:
            raise ImproperlyConfigured(
                f"This collectstatic collects and doesn't publish. Run {collector.COMMAND}, as "
                '`call_command("collectstatic")` does, or set `publish_on_collect` to False and '
                "run `staticreleases publish` afterwards."
            )

    def _require_publisher(self) -> None:
        """The same by the order of apps: `call_command` runs no system check that would tell."""
        app = collector.foreign() if self._publishes and not self.is_publishing else None
        if app is not None:
            raise ImproperlyConfigured(
                f"collectstatic is the command of {app!r}, which collects and doesn't publish. "
                f"{collector.advice(app)}"
            )

    @property
    def _publishes(self) -> bool:
        return self.configuration.has_store and self.publish_on_collect

    def _forget_store(self) -> None:
        """Drop what may hold a credential from what Django keeps to write into a migration."""
        arguments, given = self._constructor_args
        kept = {name: given[name] for name in given if name not in {"store", "store_options"}}
        self._constructor_args = (arguments, kept)

    def carried(self, path: str) -> bytes | None:
        """Return an asset that the server side reads at run time, or None if there is none.

        It comes from the record, or STATIC_ROOT; where the record is of another version, from
        the public URL. Raises `NotReady` if that doesn't have it.
        """
        with _as_improperly_configured():
            return carried.read(self.configuration, path)


class ReleaseManifestStaticFilesStorage(  # type: ignore[misc]  # the stubs of Django's own two differ
    ManifestStaticFilesStorage, ReleaseStaticFilesStorage
):
    """The same with Django's hashed names, whose ``staticfiles.json`` is read from the record.

    Without a store it is Django's `ManifestStaticFilesStorage`.
    """

    _is_constructed = False
    _is_manifest_read = True
    _is_post_processing = False

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._is_constructed = True
        self.written: set[str] = set()
        config = self.configuration
        self.configuration = replace(config, carry=(*config.carry, self.manifest_name))

    @property
    def base_url(self) -> str:
        """The prefix of every asset's URL; while collecting, which needs no version, Django's."""
        return self._static_url if self._is_post_processing else super().base_url

    def stored_name(self, name: str) -> str:
        if not self._is_manifest_read:
            self.hashed_files, self.manifest_hash = cast("Any", self.load_manifest())
        return super().stored_name(name)

    def read_manifest(self) -> str | None:  # type: ignore[override]  # as Django's code has it
        if not self._reads_release:
            return super().read_manifest()
        read = self.carried if self._is_constructed else self._at_hand
        content = read(self.manifest_name)
        self._is_manifest_read = self._is_constructed or content is not None
        return None if content is None else content.decode()

    @property
    def _reads_release(self) -> bool:
        return self.manifest_storage is self and self.serves_release

    def _at_hand(self, path: str) -> bytes | None:
        """Look without the network: Django's constructor reads the manifest, also for `migrate`."""
        try:
            return carried.at_hand(self.configuration, path)
        except (InvalidDocument, NotReady):
            return None  # the first URL will tell

    def post_process(
        self,
        paths: dict[str, Any],
        dry_run: bool = False,  # noqa: FBT001, FBT002  (Django's signature)
        **options: Any,
    ) -> Iterator[Any]:
        """Make the hashed copies as Django does, in an order that doesn't depend on the disk."""
        self.require_publishing()
        self.written.clear()
        self._is_post_processing = True
        try:
            yield from super().post_process(dict(sorted(paths.items())), dry_run=dry_run, **options)
        finally:
            self._is_post_processing = False
        self._is_manifest_read = True

    def save_manifest(self) -> None:
        # Sorted by Django itself from 6.1 on: the same files must give the same bytes.
        self.hashed_files = dict(sorted(self.hashed_files.items()))
        super().save_manifest()

    def _save(self, name: str, content: Any) -> str:
        saved: str = super()._save(name, content)
        self.written.add(saved)
        return saved


class _as_improperly_configured:  # noqa: N801  (reads as a phrase)
    """Turns a wrong setting into the error that Django expects."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, InvalidSetting):
            raise ImproperlyConfigured(f'STORAGES["staticfiles"]["OPTIONS"]: {error}') from None


def _require_installed() -> None:
    """Refuse a project in which Django's own collectstatic would run and publish nothing.

    A project's own AppConfig may stand for the app, so only the registry knows; while it is being
    filled, a storage that is made at import time goes without this check.
    """
    if apps.apps_ready and not apps.is_installed("static_releases"):
        raise ImproperlyConfigured(
            'Put "static_releases" into INSTALLED_APPS, before "django.contrib.staticfiles": '
            "its collectstatic is the one that publishes."
        )


def _release_version() -> object:
    return getattr(settings, "RELEASE_VERSION", "")


def _refuse_unknown(unknown: Mapping[str, object]) -> None:
    if not unknown:
        return
    parameters = inspect.signature(ReleaseStaticFilesStorage).parameters.values()
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    name = next(iter(unknown))
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ImproperlyConfigured(
        f'STORAGES["staticfiles"]["OPTIONS"] has the unknown option {name!r}.{hint} '
        f"The options are {', '.join(known)}."
    )


def _refuse_mixed(storage_class: type) -> None:
    """Refuse hashed names whose map would be neither in the record nor in order."""
    is_mixed = issubclass(storage_class, ManifestFilesMixin)
    if is_mixed and not issubclass(storage_class, ReleaseManifestStaticFilesStorage):
        raise ImproperlyConfigured(
            f"{storage_class.__module__}.{storage_class.__qualname__} mixes Django's "
            "ManifestFilesMixin into ReleaseStaticFilesStorage, and a container would not find "
            "its staticfiles.json. Derive it from "
            "static_releases.storage.ReleaseManifestStaticFilesStorage instead."
        )


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"

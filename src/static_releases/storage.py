"""Django's static-files storage, with the URLs of a release.

Collecting is Django's own, into STATIC_ROOT; URLs are string work. No request is made and the
store's client library isn't loaded before something is published.
"""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import cached_property

from static_releases import takeover
from static_releases.core import collecting, configuration, integrity, transfers
from static_releases.core.errors import InvalidSetting


class ReleaseStaticFilesStorage(StaticFilesStorage):
    """Collects into STATIC_ROOT; URLs name the release of ``version`` in the ``store``.

    Without a store it is Django's `StaticFilesStorage`. With DEBUG, URLs are STATIC_URL + path.
    Raises `ImproperlyConfigured` for an option that is unknown or wrong.
    """

    def __init__(
        self,
        *,
        location: str | None = None,
        version: str | None = "",
        store: str | Mapping[str, Any] | None = "",
        store_options: Mapping[str, Any] | None = None,
        base_url: str | None = "",
        publish_on_collect: bool = True,
        record_dir: str | Path | None = None,
        exclude: Iterable[str] = (),
        carry: Iterable[str] = configuration.CARRY,
        max_asset_bytes: int = collecting.MAX_ASSET_BYTES,
        in_flight: int = transfers.IN_FLIGHT,
        file_permissions_mode: int | None = None,
        directory_permissions_mode: int | None = None,
        **unknown: object,
    ) -> None:
        _refuse_unknown(type(self), unknown)
        self._static_url = _with_slash(settings.STATIC_URL or "")
        super().__init__(
            location=location,
            file_permissions_mode=file_permissions_mode,
            directory_permissions_mode=directory_permissions_mode,
        )
        self.publish_on_collect = publish_on_collect
        with _as_improperly_configured():
            self.configuration = configuration.make(
                store=takeover.recognize(
                    store or "",
                    store_options=store_options,
                    versions=(version, _release_version()),
                    needs_url=not base_url,
                ),
                store_options=store_options,
                version=_text("version", version) or _text("version", _release_version()),
                base_url=_text("base_url", base_url),
                local_url=self._static_url,
                directory=Path(self.location) if self.location else None,
                record_dir=Path(record_dir) if record_dir else None,
                exclude=_patterns("exclude", exclude),
                carry=_patterns("carry", carry),
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


class _as_improperly_configured:  # noqa: N801  (reads as a phrase)
    """Turns a wrong setting into the error that Django expects."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, InvalidSetting):
            raise ImproperlyConfigured(f'STORAGES["staticfiles"]["OPTIONS"]: {error}') from None


def _require_installed() -> None:
    """Refuse a project in which Django's own collectstatic would run and publish nothing."""
    if not any(app.split(".")[0] == "static_releases" for app in settings.INSTALLED_APPS):
        raise ImproperlyConfigured(
            'Put "static_releases" into INSTALLED_APPS, before "django.contrib.staticfiles": '
            "its collectstatic is the one that publishes."
        )


def _release_version() -> object:
    return getattr(settings, "RELEASE_VERSION", "")


def _refuse_unknown(storage: type, unknown: Mapping[str, object]) -> None:
    if not unknown:
        return
    parameters = inspect.signature(storage).parameters.values()
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    name = next(iter(unknown))
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ImproperlyConfigured(
        f'STORAGES["staticfiles"]["OPTIONS"] has the unknown option {name!r}.{hint} '
        f"The options are {', '.join(known)}."
    )


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidSetting(f"`{name}` is of type {type(value).__name__}; expected a string.")
    return value.strip()


def _patterns(name: str, value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise InvalidSetting(f"`{name}` is a string; expected a list of patterns: [{value!r}].")
    return tuple(value)


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"

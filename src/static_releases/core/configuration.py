"""What every verb needs to know of where it runs: checked once, whoever asks."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from static_releases.core import address, collecting, layout, transfers
from static_releases.core.address import Address
from static_releases.core.errors import InvalidSetting
from static_releases.core.target import Later, Target

if TYPE_CHECKING:
    from static_releases.core.store import Purpose, Store

# What server sides commonly read at run time: Django's hashed names, the manifests of Vite and
# django-compressor, webpack's stats, and what is served from the site's root.
CARRY = (
    "staticfiles.json",
    "manifest.json",
    "webpack-stats.json",
    "robots.txt",
)
RECORD_DIR = "static-release"


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """A store, a version and the rules of publishing; `make` checks them.

    ``store`` is what was chosen, or what will tell it when it is needed. ``base_url`` is the
    public URL of the store as it was given, and ``local_url`` the one under which a directory
    is served; both have a slash at the end, or are "". ``directory`` is where collected files
    lie, and ``record_dir`` where the record does.
    """

    store: Target | Later | None = None
    version: str = ""
    base_url: str = ""
    local_url: str = ""
    directory: Path | None = None
    record_dir: Path | None = None
    exclude: tuple[str, ...] = ()
    carry: tuple[str, ...] = CARRY
    ignore: tuple[str, ...] = ()
    max_asset_bytes: int = collecting.MAX_ASSET_BYTES
    in_flight: int = transfers.IN_FLIGHT

    @property
    def has_store(self) -> bool:
        """Tell whether a store was chosen; which, need not be worked out for that."""
        return self.store is not None

    @property
    def store_name(self) -> str:
        """The store as a message names it, also where it isn't worked out yet."""
        return str(self.store.address) if isinstance(self.store, Target) else str(self.store or "")

    @property
    def has_own_url(self) -> bool:
        """Tell whether the store itself shows its objects to the public, as a cloud's does."""
        return self.has_store and self.require_target().has_own_url

    def require_target(self) -> Target:
        """Return the store that was chosen, or raise `InvalidSetting`."""
        if self.store is None:
            raise InvalidSetting(
                "No store is configured: set the option `store` (or --store), such as "
                "az://container/prefix, s3://bucket/prefix, gs://bucket/prefix or "
                "file:///srv/releases."
            )
        return self.store() if isinstance(self.store, Later) else self.store

    def require_store(self) -> Address:
        """Return the store's address, or raise `InvalidSetting`."""
        return self.require_target().address

    def require_version(self, named: str | None = None) -> str:
        """Return the version that was named, else the configured one, or raise `InvalidSetting`."""
        if named is not None:
            return layout.check_version(named)
        if not self.version:
            raise InvalidSetting(
                f"No version is set, and {self.store_name or 'a store'} holds one folder for "
                "each: set the option `version` or RELEASE_VERSION, such as v1.2.3."
            )
        return self.version

    def require_apart(self, directory: Path) -> None:
        """Raise `InvalidSetting` if the store is a folder in this directory, or the other way.

        A release would hold the releases before it, and `collectstatic --clear` would delete them.
        Links count as what they lead to.
        """
        store = self._store_folder()
        if store is None:
            return
        for folder in (directory, *collecting.linked_folders(directory)):
            if _overlap(store, Path(os.path.realpath(folder))):
                by_link = "" if folder == directory else f", by the link {folder}"
                raise InvalidSetting(
                    f"The store {self.store_name} and the files in {directory} lie "
                    f"inside of each other{by_link}. Put them side by side."
                )

    def require_outside(self, files: Iterable[Path]) -> None:
        """Raise `InvalidSetting` if one of these files, which are to be published, is the store's.

        The store would be among what is collected, and every release would hold those before it.
        """
        store = self._store_folder()
        if store is None:
            return
        for folder in sorted({file.parent for file in files}):
            if Path(os.path.realpath(folder)).is_relative_to(store):
                raise InvalidSetting(
                    f"{folder} is collected, and lies in the store {self.store_name}: each release "
                    "would hold those before it. Put the store elsewhere than the sources."
                )

    def _store_folder(self) -> Path | None:
        """Return the folder that the store is, if it is one; one that is told later never is."""
        if not isinstance(self.store, Target) or self.store.address.kind != "file":
            return None
        return Path(os.path.realpath(self.store.address.container))

    def open_store(
        self,
        *,
        purpose: "Purpose" = "work",
        absent: Literal["refused", "made"] = "refused",
    ) -> "Store":
        """Open the store. It loads the client library, which a web worker doesn't do for URLs.

        Raises `StoreMissing` for a directory that isn't there, unless what is written there makes
        it.
        """
        from static_releases.core.store import Store

        target = self.require_target()
        options = {**target.options, **target.credentials()}
        store = Store(target.address, options, purpose=purpose)
        if absent == "refused":
            store.require_there()
        return store

    def public_url(self) -> str:
        """Return the URL under which the versions' folders are seen, with a slash at the end.

        With ``base_url`` that is all, and nothing is worked out. Raises `InvalidSetting` where
        it isn't set and can't be told from the store.
        """
        if self.base_url:
            return self.base_url
        if self.local_url and not self.has_own_url:
            return self.local_url
        return self.store_url()

    def public_base(self) -> str | Path:
        """Return the URL under which releases can be fetched, or the directory of a file store.

        Raises `InvalidSetting` where it isn't set and can't be told from the store.
        """
        if self.base_url.startswith(("http://", "https://")):
            return self.base_url
        where = self.require_store()
        return Path(where.container) if where.kind == "file" else self.store_url()

    def store_url(self) -> str:
        """Return the store's own public URL, or raise `InvalidSetting`."""
        return self.require_target().url()


def make(
    *,
    store: str | Later = "",
    store_options: Mapping[str, Any] | None = None,
    version: str = "",
    base_url: str = "",
    local_url: str = "",
    directory: Path | None = None,
    record_dir: Path | None = None,
    exclude: tuple[str, ...] = (),
    carry: tuple[str, ...] = CARRY,
    ignore: tuple[str, ...] = (),
    max_asset_bytes: int = collecting.MAX_ASSET_BYTES,
    in_flight: int = transfers.IN_FLIGHT,
) -> Configuration:
    """Return the configuration that these values give, or raise `InvalidSetting`.

    ``store_options`` belong to a store URL; a store that is told later has its own.
    """
    _require_positive("max_asset_bytes", max_asset_bytes)
    _require_positive("in_flight", in_flight)
    return Configuration(
        store=_target(store, store_options) if isinstance(store, str) else store,
        version=layout.check_version(version) if version else "",
        base_url=_checked_base_url(base_url) if base_url else "",
        local_url=local_url,
        directory=directory,
        record_dir=_checked_record_dir(record_dir, directory),
        exclude=exclude,
        carry=carry,
        ignore=ignore,
        max_asset_bytes=max_asset_bytes,
        in_flight=in_flight,
    )


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _target(url: str, options: Mapping[str, Any] | None) -> Target | None:
    return Target(address=address.parse(url), options=dict(options or {})) if url else None


def _require_positive(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidSetting(f"`{name}` is {value!r}; expected a whole number above 0.")


def _checked_base_url(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        has_host = bool(parts.hostname) and parts.port != 0  # asking for a wrong one raises
    except ValueError as error:
        raise InvalidSetting("`base_url` can't be read as a URL.") from error
    is_url = parts.scheme in {"http", "https"} and has_host and not re.search(r"\s", base_url)
    is_path = not parts.scheme and parts.path.startswith("/")
    if not (is_url or is_path) or parts.query or parts.fragment or "@" in parts.netloc:
        shown = base_url.partition("?")[0].rpartition("@")[2]
        raise InvalidSetting(
            f"`base_url` is {shown!r}; expected the public URL of the store, without a user, a "
            "query or a fragment, such as https://cdn.example.com/static/."
        )
    return base_url if base_url.endswith("/") else f"{base_url}/"


def _checked_record_dir(record_dir: Path | None, directory: Path | None) -> Path | None:
    if directory is None:
        return record_dir
    if record_dir is None:
        return directory.parent / RECORD_DIR
    if record_dir.absolute().is_relative_to(directory.absolute()):
        raise InvalidSetting(
            f"`record_dir` is {record_dir}, inside of {directory}, and would be published with "
            "the files. Put it beside."
        )
    return record_dir

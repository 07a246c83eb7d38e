"""What every verb needs to know of where it runs: checked once, whoever asks."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from static_releases.core import address, collecting, layout, transfers
from static_releases.core.address import Address
from static_releases.core.errors import InvalidSetting

if TYPE_CHECKING:
    from static_releases.core.store import Store

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

    ``base_url`` is the public URL of the store as it was given, with a slash at the end, or "".
    ``directory`` is where collected files lie, and ``record_dir`` where the record does.
    """

    address: Address | None = None
    store_options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    version: str = ""
    base_url: str = ""
    directory: Path | None = None
    record_dir: Path | None = None
    exclude: tuple[str, ...] = ()
    carry: tuple[str, ...] = CARRY
    max_asset_bytes: int = collecting.MAX_ASSET_BYTES
    in_flight: int = transfers.IN_FLIGHT

    @property
    def has_own_url(self) -> bool:
        """Tell whether the store itself shows its objects to the public, as a cloud's does."""
        return self.address is not None and self.address.kind not in {"file", "memory"}

    def require_store(self) -> Address:
        """Return the store's address, or raise `InvalidSetting`."""
        if self.address is None:
            raise InvalidSetting(
                "No store is configured: set the option `store` (or --store), such as "
                "az://container/prefix, s3://bucket/prefix, gs://bucket/prefix or "
                "file:///srv/releases."
            )
        return self.address

    def require_version(self) -> str:
        """Return the version, or raise `InvalidSetting`."""
        if not self.version:
            raise InvalidSetting(
                f"No version is set, and {self.require_store()} holds one folder for each: set "
                "the option `version` or RELEASE_VERSION, such as v1.2.3."
            )
        return self.version

    def open_store(self) -> "Store":
        """Open the store. It loads the client library, which a web worker never does."""
        from static_releases.core.store import Store

        return Store(self.require_store(), self.store_options)

    def public_base(self) -> str | Path:
        """Return the public URL under which releases are found, or the directory of a file store.

        Raises `InvalidSetting` where it isn't set and can't be told from the store.
        """
        if self.base_url.startswith(("http://", "https://")):
            return self.base_url
        where = self.require_store()
        if where.kind == "file":
            return Path(where.container)
        return self.store_url()

    def store_url(self) -> str:
        """Return the store's own public URL, or raise `InvalidSetting`."""
        where = self.require_store()
        url = where.public_url(self.store_options, os.environ)
        if url is None:
            needed = {"azure": "the account's name", "s3": "the region"}.get(where.kind, "it")
            raise InvalidSetting(
                f"The public URL of {where} can't be told: {needed} isn't known here. Set the "
                "option `base_url` (the CDN, or the store's own URL)."
            )
        return url


def make(
    *,
    store: str = "",
    store_options: Mapping[str, Any] | None = None,
    version: str = "",
    base_url: str = "",
    directory: Path | None = None,
    record_dir: Path | None = None,
    exclude: tuple[str, ...] = (),
    carry: tuple[str, ...] = CARRY,
    max_asset_bytes: int = collecting.MAX_ASSET_BYTES,
    in_flight: int = transfers.IN_FLIGHT,
) -> Configuration:
    """Return the configuration that these values give, or raise `InvalidSetting`."""
    _require_positive("max_asset_bytes", max_asset_bytes)
    _require_positive("in_flight", in_flight)
    return Configuration(
        address=address.parse(store) if store else None,
        store_options=dict(store_options or {}),
        version=layout.check_version(version) if version else "",
        base_url=_checked_base_url(base_url) if base_url else "",
        directory=directory,
        record_dir=_checked_record_dir(record_dir, directory),
        exclude=exclude,
        carry=carry,
        max_asset_bytes=max_asset_bytes,
        in_flight=in_flight,
    )


def _require_positive(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidSetting(f"`{name}` is {value!r}; expected a whole number above 0.")


def _checked_base_url(base_url: str) -> str:
    parts = urlsplit(base_url)
    is_url = parts.scheme in {"http", "https"} and bool(parts.netloc)
    is_path = not parts.scheme and parts.path.startswith("/")
    if not (is_url or is_path) or parts.query or parts.fragment or "@" in parts.netloc:
        shown = base_url.partition("?")[0].rpartition("@")[2]
        raise InvalidSetting(
            f"`base_url` is {shown!r}; expected the public URL of the store, such as "
            "https://cdn.example.com/static/."
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

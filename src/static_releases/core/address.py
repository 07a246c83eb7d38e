"""Where a store is: its URL taken apart, and the public URL of what it holds.

Nothing here asks the network or loads the client library: a web worker builds its asset URLs
from this module alone.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit

from static_releases.core import layout
from static_releases.core.errors import InvalidSetting

Kind = Literal["azure", "s3", "gcs", "file", "memory"]

# The schemes of obstore's URLs; the first of each kind is the one that is documented.
_SCHEMES: Mapping[str, Kind] = {
    "az": "azure",
    "azure": "azure",
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "file": "file",
    "memory": "memory",
}
_EXAMPLES: Mapping[Kind, str] = {
    "azure": "az://container/prefix",
    "s3": "s3://bucket/prefix",
    "gcs": "gs://bucket/prefix",
    "file": "file:///srv/releases",
    "memory": "memory:",
}
# The environment variables that a setting of each kind may come from, in the order in which
# obstore prefers them.
_SETTINGS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "azure": {
        "account_name": ("AZURE_STORAGE_ACCOUNT_NAME",),
        "endpoint": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
        "account_key": (
            "AZURE_STORAGE_ACCOUNT_KEY",
            "AZURE_STORAGE_ACCESS_KEY",
            "AZURE_STORAGE_MASTER_KEY",
        ),
        "sas_key": ("AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN"),
    },
    "s3": {
        "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
        "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    },
    "gcs": {"base_url": ("GOOGLE_BASE_URL",)},
    "file": {},
    "memory": {},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A store's place: ``container`` is the container, bucket or (absolute) folder."""

    kind: Kind
    container: str
    prefix: str = ""

    def __str__(self) -> str:
        if self.kind == "memory":
            return f"memory:{self.container}"
        if self.kind == "file":
            return f"file://{quote(self.container)}"
        scheme = {"azure": "az", "s3": "s3", "gcs": "gs"}[self.kind]
        return f"{scheme}://{self.container}" + (f"/{self.prefix}" if self.prefix else "")

    def public_url(self, options: Mapping[str, Any], environ: Mapping[str, str]) -> str | None:
        """Return the URL under which the store shows its objects, with a slash at the end.

        It is told from the options and the environment, without a request. None for a store
        that has none of its own (a directory), or whose URL can't be told from what is set.
        """
        read = _Reader(self.kind, options, environ)
        base = {"azure": _azure_url, "s3": _s3_url, "gcs": _gcs_url}.get(self.kind, _no_url)(
            self.container, read
        )
        if base is None:
            return None
        return f"{base}/{quote(self.prefix)}/" if self.prefix else f"{base}/"

    def endpoint(self, options: Mapping[str, Any], environ: Mapping[str, str]) -> str | None:
        """Return the endpoint that was set instead of the cloud's own, if any."""
        return self.setting("base_url" if self.kind == "gcs" else "endpoint", options, environ)

    def setting(
        self, name: str, options: Mapping[str, Any], environ: Mapping[str, str]
    ) -> str | None:
        """Return a setting as the client library will find it, or None if it isn't set."""
        return _Reader(self.kind, options, environ)(name)


def parse(url: str) -> Address:
    """Take a store URL apart, or raise `InvalidSetting` showing what is expected."""
    scheme, separator, _ = url.partition(":")
    kind = _SCHEMES.get(scheme.lower()) if separator else None
    if kind is None:
        raise InvalidSetting(_unknown_scheme(url, scheme if separator else ""))
    if kind == "memory":
        return Address(kind=kind, container=url.partition(":")[2].strip("/"))
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InvalidSetting(
            f"The store URL {_without_secrets(url)} can't be read: expected {_EXAMPLES[kind]}."
        ) from error
    if parts.query or parts.fragment or "@" in url or ":" in parts.netloc:
        raise InvalidSetting(
            f"The store URL {_without_secrets(url)} holds more than a place. Expected "
            f"{_EXAMPLES[kind]}; credentials go into the environment or into `store_options`."
        )
    return _folder(url, parts.netloc, parts.path) if kind == "file" else _bucket(kind, url)


def _bucket(kind: Kind, url: str) -> Address:
    parts = urlsplit(url)
    what = "container" if kind == "azure" else "bucket"
    if not parts.netloc:
        raise InvalidSetting(
            f"The store URL {_without_secrets(url)} names no {what}: expected {_EXAMPLES[kind]}."
        )
    prefix = unquote(parts.path).strip("/")
    if any(segment in {"", ".", ".."} for segment in prefix.split("/")) and prefix:
        raise InvalidSetting(f"The store URL {url!r} has an empty or dot segment in its prefix.")
    _require_outside(url, prefix.split("/"))
    return Address(kind=kind, container=parts.netloc, prefix=prefix)


def _folder(url: str, host: str, path: str) -> Address:
    folder = Path(unquote(path))
    if host not in {"", "localhost"} or not folder.is_absolute() or len(folder.parts) < 2:
        raise InvalidSetting(
            f"The store URL {url!r} names no folder: expected {_EXAMPLES['file']}, "
            f"with three slashes and an absolute path."
        )
    return Address(kind="file", container=str(folder))


def _require_outside(url: str, segments: Iterable[str]) -> None:
    """Refuse a place among the documents of another store."""
    reserved = {layout.RELEASES, layout.PINS, layout.SHARED}
    inside = next((segment for segment in segments if segment in reserved), None)
    if inside is not None:
        raise InvalidSetting(
            f"The store URL {url!r} leads into {inside}/, where another store keeps what is its "
            "own. Use a prefix beside that store."
        )


def _unknown_scheme(url: str, scheme: str) -> str:
    expected = ", ".join(_EXAMPLES.values())
    close = difflib.get_close_matches(scheme.lower(), _SCHEMES, n=1)
    hint = f" Did you mean {close[0]}://?" if close else ""
    if scheme.lower() in {"http", "https"}:
        hint = " The public address of the store or its CDN goes into the option `base_url`."
    return f"The store URL {_without_secrets(url)} has no known scheme: expected {expected}.{hint}"


def _without_secrets(url: str) -> str:
    """Show a URL only where nothing in it can be a credential, such as a connection string."""
    bare = url.partition("?")[0].partition("#")[0]
    return repr(bare) if re.fullmatch(r"(?:\w+:/{0,3})?[\w./%-]*", bare) else "(not shown)"


class _Reader:
    """Reads a setting as the client library will: from the options, else the environment."""

    def __init__(self, kind: Kind, options: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        self._names = _SETTINGS[kind]
        self._options = _flat(options)
        self._environ = environ

    def __call__(self, name: str) -> str | None:
        variables = self._names.get(name, ())
        spellings = (name, *(variable.lower() for variable in variables))
        from_options = (self._options.get(spelling) for spelling in spellings)
        from_environment = (self._environ.get(variable) for variable in variables)
        value = next((v for v in (*from_options, *from_environment) if v), None)
        return None if value is None else str(value)

    def flag(self, name: str) -> bool | None:
        value = self._options.get(name)
        return None if value is None else str(value).lower() in {"1", "true", "yes", "on"}


def _flat(options: Mapping[str, Any]) -> dict[str, Any]:
    config = options.get("config") or {}
    return {str(key).lower(): value for key, value in {**config, **options}.items()}


def _azure_url(container: str, read: _Reader) -> str | None:
    endpoint, account = read("endpoint"), read("account_name")
    if endpoint:
        return f"{endpoint.rstrip('/')}/{container}"
    return f"https://{account}.blob.core.windows.net/{container}" if account else None


def _s3_url(bucket: str, read: _Reader) -> str | None:
    endpoint, region = read("endpoint"), read("region")
    if endpoint:
        # With virtual hosts, obstore takes the endpoint to hold the bucket's name already.
        hosted = read.flag("virtual_hosted_style_request")
        return endpoint.rstrip("/") if hosted else f"{endpoint.rstrip('/')}/{bucket}"
    if region is None:
        return None
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    # A dot in the bucket's name would not match the wildcard certificate.
    if "." in bucket:
        return f"https://s3.{region}.{domain}/{bucket}"
    return f"https://{bucket}.s3.{region}.{domain}"


def _gcs_url(bucket: str, read: _Reader) -> str:
    return f"{(read('base_url') or 'https://storage.googleapis.com').rstrip('/')}/{bucket}"


def _no_url(_container: str, _read: _Reader) -> None:
    return None

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
# Every spelling of what decides a URL, as obstore takes them in any case; one that begins with the
# cloud's name is an environment variable too, in upper case.
_SPELLINGS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "azure": {
        "account_name": ("account_name", "azure_storage_account_name"),
        "endpoint": ("endpoint", "azure_storage_endpoint", "azure_endpoint"),
        "use_emulator": ("use_emulator", "azure_storage_use_emulator"),
        "use_fabric_endpoint": ("use_fabric_endpoint", "azure_use_fabric_endpoint"),
        "account_key": (
            "account_key",
            "azure_storage_account_key",
            "azure_storage_access_key",
            "azure_storage_master_key",
            "access_key",
            "master_key",
        ),
        "sas_key": ("sas_key", "sas_token", "azure_storage_sas_key", "azure_storage_sas_token"),
    },
    "s3": {
        "endpoint_url_s3": ("aws_endpoint_url_s3",),
        "endpoint": ("endpoint", "endpoint_url", "aws_endpoint_url", "aws_endpoint"),
        "region": ("region", "aws_region"),
        "default_region": ("default_region", "aws_default_region"),
        "virtual_hosted": ("virtual_hosted_style_request", "aws_virtual_hosted_style_request"),
        "s3_express": ("s3_express", "aws_s3_express"),
    },
    "gcs": {"base_url": ("base_url", "google_base_url")},
    "file": {},
    "memory": {},
}
_CLOUDS = ("azure_", "aws_", "google_")
# Where the Azure emulator is, and whose it is, unless something else is set.
_EMULATOR_URL = "http://127.0.0.1:10000"
_EMULATOR_ACCOUNT = "devstoreaccount1"


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
        return _endpoint(self.kind, _Reader(self.kind, options, environ))

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
        self._spellings = _SPELLINGS[kind]
        self._options = _flat(options)
        self.environ = environ

    def __call__(self, name: str) -> str | None:
        spellings = self._spellings.get(name, (name,))
        from_options = (self._options.get(spelling) for spelling in spellings)
        variables = (s.upper() for s in spellings if s.startswith(_CLOUDS))
        from_environment = (self.environ.get(variable) for variable in variables)
        found = (v for v in (*from_options, *from_environment) if v not in {None, ""})
        value = next(found, None)
        return None if value is None else str(value)

    def flag(self, name: str) -> bool:
        return (self(name) or "").lower() in {"1", "true", "yes", "y", "on"}


def _flat(options: Mapping[str, Any]) -> dict[str, Any]:
    config = options.get("config") or {}
    return {str(key).lower(): value for key, value in {**config, **options}.items()}


def _endpoint(kind: Kind, read: _Reader) -> str | None:
    """Return the endpoint that is set, without a user's name and password, which show nowhere."""
    if kind == "azure" and read.flag("use_emulator"):
        emulator = read.environ.get("AZURITE_BLOB_STORAGE_URL") or _EMULATOR_URL
        return f"{_bare(emulator)}/{read('account_name') or _EMULATOR_ACCOUNT}"
    names = {"azure": ("endpoint",), "s3": ("endpoint_url_s3", "endpoint"), "gcs": ("base_url",)}
    found = next((url for name in names.get(kind, ()) if (url := read(name))), None)
    return _bare(found) if found else None


def _bare(url: str) -> str:
    if not re.match(r"https?://[^/?#\s]+\S*\Z", url):
        raise InvalidSetting(
            "The store's endpoint, in `store_options` or in the environment, is no URL: expected "
            "https://s3.example.com or the like, with its scheme."
        )
    scheme, separator, rest = url.partition("//")
    place = rest.partition("?")[0].partition("#")[0].rstrip("/")
    host, slash, path = place.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _azure_url(container: str, read: _Reader) -> str | None:
    endpoint, account = _endpoint("azure", read), read("account_name")
    if endpoint:
        return f"{endpoint}/{container}"
    if account is None:
        return None
    domain = "fabric.microsoft.com" if read.flag("use_fabric_endpoint") else "core.windows.net"
    return f"https://{account}.blob.{domain}/{container}"


def _s3_url(bucket: str, read: _Reader) -> str | None:
    endpoint, region = _endpoint("s3", read), read("region") or read("default_region")
    if endpoint:
        # With virtual hosts, obstore takes the endpoint to hold the bucket's name already.
        return endpoint if read.flag("virtual_hosted") else f"{endpoint}/{bucket}"
    if region is None or read.flag("s3_express"):  # a directory bucket has no public URL
        return None
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    # A dot in the bucket's name would not match the wildcard certificate.
    if "." in bucket:
        return f"https://s3.{region}.{domain}/{bucket}"
    return f"https://{bucket}.s3.{region}.{domain}"


def _gcs_url(bucket: str, read: _Reader) -> str:
    return f"{_endpoint('gcs', read) or 'https://storage.googleapis.com'}/{bucket}"


def _no_url(_container: str, _read: _Reader) -> None:
    return None

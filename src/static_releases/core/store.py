"""The store: create, read, list and delete objects, over one client library.

The promises are the same for every kind of store, and one suite of tests holds each to them:

- `Store.create` is atomic and never overwrites; of two racing creators one wins.
- An object is there for reading and listing as soon as `create` has returned.
- Every error is one of `static_releases.core.errors` and holds no credential.

Use it from threads. It isn't fork-safe: open the store after a fork.
"""

import os
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal

import obstore
from obstore import exceptions
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, S3Store

from static_releases.core.address import Address
from static_releases.core.digests import Digests
from static_releases.core.errors import (
    AccessDenied,
    InvalidSetting,
    ObjectExists,
    ObjectMissing,
    StoreError,
    StoreMissing,
    StoreUnreachable,
)
from static_releases.core.headers import Headers

# The library's own default is ten retries within three minutes: a build with a mistyped host
# would say so after minutes. This is about fifteen seconds.
_RETRIES: Mapping[str, Any] = {
    "max_retries": 8,
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=5),
        "base": 2,
    },
    "retry_timeout": timedelta(minutes=3),
}
# The library's default of 30 s would hold for the whole of a large upload over a slow line.
_CLIENT_OPTIONS: Mapping[str, Any] = {"timeout": timedelta(minutes=5)}
# Somebody waits before a page, and a web worker does nothing else meanwhile.
_SHORT_RETRIES: Mapping[str, Any] = {
    **_RETRIES,
    "max_retries": 1,
    "retry_timeout": timedelta(seconds=8),
}
_SHORT_CLIENT_OPTIONS: Mapping[str, Any] = {
    "timeout": timedelta(seconds=8),
    "connect_timeout": timedelta(seconds=3),
}
# What a store is opened for: to work in it, with a build's patience, or to look into it for a page
# that somebody waits for, which makes nothing.
Purpose = Literal["work", "look"]
# The library does not repeat a create whose answer was lost, as it can't tell what became of it.
# Here a repetition is safe: whoever is told "exists" compares.
_CREATE_AGAIN_SECONDS = (0.2, 1.0, 3.0)
_LIST_CHUNK = 10_000
_CHUNK_BYTES = 1024 * 1024
# Azure takes 256 keys in one request, S3 1,000.
DELETE_BATCH = {"azure": 256, "s3": 1000, "gcs": 100, "file": 1000, "memory": 1000}

_SECRET = re.compile(
    r"(?i)((?:sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token|token|key|secret)"
    r"(?:%3d|=))[^&\s\"')]+"
)
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
_STATUS = re.compile(r"(?:status code:|\(code:) (?P<status>[1-5]\d\d(?: [A-Za-z ]+)?)")
_CODE = re.compile(r"<Code>([^<]+)</Code>")
_MESSAGE = re.compile(r"<Message>([^<\n]+)")
_NO_ANSWER = re.compile(
    r"(?i)error sending request|connection (refused|reset|closed)|dns error|timed? ?out"
    r"|connect error|tcp connect"
)

_memories: dict[str, MemoryStore] = {}
_memories_lock = threading.Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredObject:
    """An object as a listing tells of it; ``modified_at`` is by the store's clock."""

    key: str
    size_bytes: int
    modified_at: datetime
    md5: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredContent:
    """What reading a whole object showed; headers are None where the store keeps none."""

    size_bytes: int
    digest: str
    integrity: str
    headers: Headers | None


class Store:
    """Where releases live. Making one asks the network nothing."""

    def __init__(
        self,
        address: Address,
        options: Mapping[str, Any] | None = None,
        *,
        purpose: Purpose = "work",
    ) -> None:
        self.address = address
        self._options = dict(options or {})
        self._client = _open(address, self._options, purpose)
        # A directory keeps no headers; what serves it tells them from the name.
        self._keeps_headers = address.kind != "file"

    def __repr__(self) -> str:
        return f"<Store {self.address}>"

    @property
    def options(self) -> Mapping[str, Any]:
        """What it was opened with; it may hold credentials."""
        return self._options

    def create(self, key: str, body: bytes, headers: Headers) -> None:
        """Write an object that must not be there yet, or raise `ObjectExists`.

        Atomic: the object is there whole or not at all. After a lost answer it is tried again
        and may meet its own object: compare before taking `ObjectExists` for a conflict.
        """
        for wait_seconds in _CREATE_AGAIN_SECONDS:
            try:
                return self._create(key, body, headers)
            except StoreUnreachable:
                time.sleep(wait_seconds)
        return self._create(key, body, headers)

    def _create(self, key: str, body: bytes, headers: Headers) -> None:
        try:
            with self._translated(key):
                obstore.put(
                    self._client,
                    key,
                    body,
                    mode="create",
                    use_multipart=False,
                    attributes=_attributes(headers) if self._keeps_headers else None,
                )
        except AccessDenied:
            # A credential that may create but not overwrite is told 403 for a taken key.
            if self._is_taken(key):
                raise ObjectExists(f"{key} is in {self.address} already.") from None
            raise

    def _is_taken(self, key: str) -> bool:
        try:
            with self._translated(key):
                obstore.head(self._client, key)
        except StoreError:
            return False
        return True

    def read(self, key: str) -> bytes:
        """Return an object's bytes, or raise `ObjectMissing`."""
        with self._translated(key):
            return bytes(obstore.get(self._client, key).bytes())

    def examine(self, key: str) -> StoredContent:
        """Read an object whole, in pieces, and return its digest, size and headers."""
        with self._translated(key):
            result = obstore.get(self._client, key)
            headers = _headers(result.attributes) if self._keeps_headers else None
            read = Digests(headers.content_encoding if headers else None)
            for chunk in result.stream(min_chunk_size=_CHUNK_BYTES):
                read.add(bytes(chunk))
        return StoredContent(
            size_bytes=read.size_bytes,
            digest=read.digest,
            integrity=read.integrity,
            headers=headers,
        )

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes in pieces of about a megabyte, or raise `ObjectMissing`."""
        with self._translated(key):
            for chunk in obstore.get(self._client, key).stream(min_chunk_size=_CHUNK_BYTES):
                yield bytes(chunk)

    def copy(self, source_key: str, key: str) -> None:
        """Copy an object inside the store, with its headers, or raise `ObjectExists`.

        No byte passes through here. Not every server honours the condition or knows it: try it
        on a key whose overwriting changes nothing.
        """
        with self._translated(key):
            obstore.copy(self._client, source_key, key, overwrite=False)

    def place(self) -> str:
        """Return where this is, equal for the same store, with a slash at the end."""
        if self.address.kind == "file":
            return f"{Path(self.address.container).resolve()}/"
        return self.address.public_url(self._options, os.environ) or f"{self.address}/"

    def root(self) -> "Store":
        """Return the whole container or bucket that this store is a prefix of."""
        return Store(replace(self.address, prefix=""), self._options)

    def object_version(self, key: str) -> str | None:
        """Return the version that a bucket with versioning gave the object, else None.

        Google numbers every object: None there, as it says nothing.
        """
        with self._translated(key):
            version = obstore.head(self._client, key)["version"]
        return None if version == "null" or self.address.kind == "gcs" else version

    def objects(self, folder: str) -> Iterator[StoredObject]:
        """Yield every object in the folder, in the store's order."""
        with self._translated(folder):
            for chunk in obstore.list(self._client, folder or None, chunk_size=_LIST_CHUNK):
                for meta in chunk:
                    yield self._stored(meta)

    def _stored(self, meta: Any) -> StoredObject:
        return StoredObject(
            key=meta["path"],
            size_bytes=meta["size"],
            modified_at=meta["last_modified"],
            md5=_md5(meta["e_tag"]) if self.address.kind == "s3" else None,
        )

    def folders(self) -> list[str]:
        """Return the names of the store's top-level folders, sorted."""
        with self._translated(""):
            found = obstore.list_with_delimiter(self._client)
        return sorted(prefix.strip("/") for prefix in found["common_prefixes"])

    def delete(self, keys: list[str]) -> None:
        """Delete these objects; one that isn't there is no error, as on S3."""
        with self._translated(keys[0] if keys else ""):
            try:
                obstore.delete(self._client, keys)
            except FileNotFoundError:
                self._delete_singly(keys)

    def _delete_singly(self, keys: list[str]) -> None:
        for key in keys:
            try:
                obstore.delete(self._client, key)
            except FileNotFoundError:
                continue

    def now(self) -> datetime:
        """Return the time by the store's clock: a directory's is the machine's.

        Costs one request without credentials; any answer has a Date (RFC 9110, 6.6.1).
        """
        if self.address.kind in {"file", "memory"}:
            return datetime.now(UTC)
        url = self.address.public_url(self._options, os.environ)
        if url is None:
            raise StoreError(f"The clock of {self.address} can't be asked: its host isn't known.")
        return _date_of(url, str(self.address))

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except exceptions.AlreadyExistsError:
            raise ObjectExists(f"{key} is in {self.address} already.") from None
        except (exceptions.BaseError, OSError, ValueError, NotImplementedError) as error:
            raise self._translation(key, error) from None

    def _translation(self, key: str, error: Exception) -> StoreError:
        # A listing's failure has no class of its own; the status in its text tells it apart.
        status = _status(error)
        denials = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
        # A bulk delete on S3 succeeds as a request, and tells of each key in its body.
        is_denied_in_bulk = "(code: AccessDenied)" in str(error)
        if isinstance(error, denials) or status in {"401", "403"} or is_denied_in_bulk:
            return self._denied(key, error)
        if isinstance(error, FileNotFoundError) or status == "404":
            return self._missing(key, error)
        return self._failed(key, error)

    def _denied(self, key: str, error: Exception) -> AccessDenied:
        return AccessDenied(
            f"{self.address} denied access to {key or 'its listing'}: the credential is missing, "
            f"wrong, expired, or may not do this. The store said: {_line(error)}"
        )

    def _missing(self, key: str, error: Exception) -> StoreError:
        text = str(error)
        if re.search(r"ContainerNotFound|NoSuchBucket", text) or "list request" in text:
            what = "container" if self.address.kind == "azure" else "bucket"
            return StoreMissing(
                f"{self.address} has no {what} {self.address.container!r}: create it first, or "
                f"mend the name. The store said: {_line(error)}"
            )
        return ObjectMissing(f"{key} is not in {self.address}.")

    def _failed(self, key: str, error: Exception) -> StoreError:
        line = _line(error)
        if _NO_ANSWER.search(line):
            return StoreUnreachable(
                f"{self.address} did not answer; check the host, the network and any proxy. "
                f"The last attempt ended with: {line}"
            )
        return StoreError(f"{self.address} failed at {key or 'its listing'}: {line}")


def _open(address: Address, options: Mapping[str, Any], purpose: Purpose) -> Any:
    if address.kind == "memory":
        # One store a name in the whole process, so that what is published can be listed.
        with _memories_lock:
            return _memories.setdefault(address.container, MemoryStore())
    if address.kind == "file":
        return _open_folder(address, options, purpose)
    if address.kind == "azure" and address.public_url(options, os.environ) is None:
        raise InvalidSetting(
            f"The account of {address} isn't known: set AZURE_STORAGE_ACCOUNT_NAME, or "
            "`account_name` in `store_options`."
        )
    try:
        store_class = {"azure": AzureStore, "s3": S3Store, "gcs": GCSStore}[address.kind]
        return store_class(
            address.container,
            prefix=address.prefix or None,
            **_with_defaults(address, options, purpose),
        )
    except (exceptions.BaseError, ValueError, TypeError) as error:
        raise InvalidSetting(
            f"{address} can't be opened with its `store_options` and the environment: "
            f"{_line(error)}"
        ) from None


def _open_folder(address: Address, options: Mapping[str, Any], purpose: Purpose) -> LocalStore:
    if options:
        raise InvalidSetting(
            f"`store_options` has {', '.join(sorted(options))}, but {address} takes no options."
        )
    try:
        return LocalStore(address.container, automatic_cleanup=True, mkdir=purpose == "work")
    except (exceptions.BaseError, OSError) as error:
        raise StoreMissing(f"{address} can't be opened: {_line(error)}") from None


def _with_defaults(
    address: Address, options: Mapping[str, Any], purpose: Purpose
) -> dict[str, Any]:
    defaults = _SHORT_CLIENT_OPTIONS if purpose == "look" else _CLIENT_OPTIONS
    client = {**defaults, **(options.get("client_options") or {})}
    endpoint = address.endpoint(options, os.environ)
    if endpoint and endpoint.startswith("http://"):
        client.setdefault("allow_http", True)
    if address.kind == "gcs":
        # Without it Google sends an object that is stored as gzip decoded ("decompressive
        # transcoding"), and the bytes read back are not those that were written.
        client.setdefault("default_headers", {"Accept-Encoding": "gzip"})
    if address.kind == "s3":
        # How a copy is made create-only; without it the client refuses to try.
        options = {"copy_if_not_exists": "header: If-None-Match: *", **options}
    retries = _SHORT_RETRIES if purpose == "look" else _RETRIES
    return {"retry_config": retries, **options, "client_options": client}


def _attributes(headers: Headers) -> dict[str, str]:
    attributes = {"Content-Type": headers.content_type, "Cache-Control": headers.cache_control}
    if headers.content_encoding:
        attributes["Content-Encoding"] = headers.content_encoding
    return attributes


def _headers(attributes: Mapping[str, str]) -> Headers:
    return Headers(
        content_type=attributes.get("Content-Type", ""),
        cache_control=attributes.get("Cache-Control", ""),
        content_encoding=attributes.get("Content-Encoding"),
    )


def _md5(e_tag: str | None) -> str | None:
    """Return the digest that S3's e_tag is, for an object sent in one piece and not encrypted."""
    bare = (e_tag or "").strip('"')
    return bare if re.fullmatch(r"[0-9a-f]{32}", bare) else None


def _status(error: Exception) -> str | None:
    match = _STATUS.search(str(error))
    return match["status"][:3] if match else None


def _line(error: Exception) -> str:
    """Return what happened in one line without credentials: the library's errors go on for pages.

    That is the HTTP status with the code and message of the store's answer, else the first line.
    """
    text = str(error).strip()
    status = _STATUS.search(text)
    if status and "\n" in text:
        answer = (status["status"].strip(), *_CODE.findall(text)[:1], *_MESSAGE.findall(text)[:1])
        line = ", ".join(answer)
    else:
        line = text.partition("\n")[0] or type(error).__name__
    return _SECRET.sub(r"\1REDACTED", _USERINFO.sub("REDACTED@", line.strip()))


def _date_of(url: str, name: str) -> datetime:
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310  (a store's own URL)
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
            date = answer.headers["Date"]
    except urllib.error.HTTPError as refusal:
        date = refusal.headers["Date"]
    except OSError as error:
        raise StoreUnreachable(f"The clock of {name} can't be asked: {_line(error)}") from None
    if not date:
        raise StoreError(f"The clock of {name} can't be asked: its answer has no Date.")
    return parsedate_to_datetime(date)

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
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import obstore

from static_releases.core import client, clock, translating
from static_releases.core.address import Address
from static_releases.core.client import Patience
from static_releases.core.digests import Digests
from static_releases.core.errors import (
    AccessDenied,
    CreateUndecided,
    InvalidPath,
    ObjectExists,
    StoreError,
    StoreMissing,
    StoreUnreachable,
)
from static_releases.core.headers import Headers
from static_releases.core.stored import StoredContent, StoredObject

Answer = TypeVar("Answer")

# The library repeats neither a create nor a bulk delete whose answer was lost, as it can't tell
# what became of it. Here a repetition is safe: whoever is told "exists" compares, and what is
# deleted already is no error.
_AGAIN_SECONDS = (0.2, 1.0, 3.0)
_LIST_CHUNK = 10_000
_CHUNK_BYTES = 1024 * 1024
# Azure takes 256 keys in one request, S3 1,000.
DELETE_BATCH = {"azure": 256, "s3": 1000, "gcs": 100, "file": 1000, "memory": 1000}
# What the client calls a file of a directory until it is whole.
_PARTIAL = re.compile(r"#[0-9]+\Z")
_MAX_NAME_BYTES = 255 - len("#1")  # most file systems' limit, less that
# What a store is opened for: to work in it, with a build's patience, or to look into it for a page
# that somebody waits for.
Purpose = Literal["work", "look"]
# What fits into a moment also on a slow line with many in flight; more is given more time.
_SMALL_BYTES = 64 * 1024
_CREATE_SECONDS = 60.0


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
        # What carries a large body has more time than what only asks.
        self._patience: Patience = "usual" if purpose == "work" else "short"
        self._body_patience: Patience = "long" if purpose == "work" else "short"
        self._clients: dict[Patience, Any] = {}
        self._lock = threading.Lock()
        client.check_options(address, self._options)
        if not self._is_absent():
            self._client(self._patience)
        # A directory keeps no headers; what serves it tells them from the name.
        self._keeps_headers = address.kind != "file"

    def __repr__(self) -> str:
        return f"<Store {self.address}>"

    @property
    def options(self) -> Mapping[str, Any]:
        """What it was opened with; it may hold credentials."""
        return self._options

    def _client(self, patience: Patience, *, makes: bool = False) -> Any:
        """Return the client; ``makes`` a directory that isn't there, where else nothing can be."""
        if not makes and self._is_absent():
            raise FileNotFoundError(self.address.container)
        with self._lock:
            if patience not in self._clients:
                self._clients[patience] = client.opened(self.address, self._options, patience)
            return self._clients[patience]

    def _is_absent(self) -> bool:
        """Tell whether the directory that is the store isn't there: it holds nothing then."""
        return self.address.kind == "file" and not Path(self.address.container).is_dir()

    def require_there(self) -> None:
        """Raise `StoreMissing` for a directory that isn't there; a container is asked later."""
        if self._is_absent():
            raise StoreMissing(
                f"There is no directory {self.address.container}, which {self.address} names: "
                "mend the name, or `publish`, which makes it."
            )

    def _ask(self, call: Callable[[], Answer]) -> Answer:
        return client.ask(self.address, call)

    def check_key(self, key: str) -> None:
        """Raise `InvalidPath` for a key that this kind of store can't keep."""
        if self.address.kind != "file":
            return
        name = key.rpartition("/")[2]
        if _PARTIAL.search(name) or len(name.encode()) > _MAX_NAME_BYTES:
            raise InvalidPath(
                f"The file {key.partition('/')[2]!r} can't be published in a directory: there a "
                f"name has at most {_MAX_NAME_BYTES} bytes, and only a half-written file's ends "
                "with # and a number. Rename it, or leave it out with `exclude`."
            )

    def create(self, key: str, body: bytes, headers: Headers) -> None:
        """Write an object that must not be there yet, or raise `ObjectExists`.

        Atomic: the object is there whole or not at all. After a lost answer, or beside another
        request for the key, it is tried again and may meet its own object: compare before taking
        `ObjectExists` for a conflict.
        """
        ends_at = time.monotonic() + _CREATE_SECONDS
        for wait_seconds in _AGAIN_SECONDS:
            try:
                return self._create(key, body, headers)
            except (StoreUnreachable, CreateUndecided):
                if time.monotonic() > ends_at:
                    raise
                time.sleep(wait_seconds)
        return self._create(key, body, headers)

    def _create(self, key: str, body: bytes, headers: Headers) -> None:
        try:
            with self._translated(key):
                is_small = len(body) <= _SMALL_BYTES
                patience = self._patience if is_small else self._body_patience
                opened = self._client(patience, makes=True)
                attributes = _attributes(headers) if self._keeps_headers else None
                self._ask(
                    lambda: obstore.put(
                        opened,
                        key,
                        body,
                        mode="create",
                        use_multipart=False,
                        attributes=attributes,
                    )
                )
        except AccessDenied:
            # A credential that may create but not overwrite is told 403 for a taken key.
            if self._is_taken(key):
                raise ObjectExists(f"{key} is in {self.address} already.") from None
            raise

    def _is_taken(self, key: str) -> bool:
        try:
            with self._translated(key):
                opened = self._client(self._patience)
                self._ask(lambda: obstore.head(opened, key))
        except StoreError:
            return False
        return True

    def read(self, key: str) -> bytes:
        """Return an object's bytes, or raise `ObjectMissing`."""
        with self._translated(key):
            opened = self._client(self._patience)
            return self._ask(lambda: bytes(obstore.get(opened, key).bytes()))

    def examine(self, key: str) -> StoredContent:
        """Read an object whole, in pieces, and return its digest, size and headers."""
        with self._translated(key):
            opened = self._client(self._body_patience)
            result = self._ask(lambda: obstore.get(opened, key))
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
            opened = self._client(self._body_patience)
            result = self._ask(lambda: obstore.get(opened, key))
            for chunk in result.stream(min_chunk_size=_CHUNK_BYTES):
                yield bytes(chunk)

    def copy(self, source_key: str, key: str) -> None:
        """Copy an object inside the store, with its headers, or raise `ObjectExists`.

        No byte passes through here. Not every server honours the condition or knows it: try it
        on a key whose overwriting changes nothing.
        """
        with self._translated(key):
            obstore.copy(self._client(self._body_patience), source_key, key, overwrite=False)

    def place(self) -> str:
        """Return where this is, equal for the same store, with a slash at the end."""
        if self.address.kind == "file":
            return f"{Path(self.address.container).resolve()}/"
        return self.address.public_url(self._options, os.environ) or f"{self.address}/"

    def root(self) -> "Store":
        """Return the whole container or bucket that this store is a prefix of."""
        return Store(replace(self.address, prefix=""), self._options)

    def replace(self, key: str, body: bytes, headers: Headers) -> None:
        """Write an object whether or not it is there: only to find out whether that is denied.

        Nothing of a release is ever written so.
        """
        attributes = _attributes(headers) if self._keeps_headers else None
        with self._translated(key):
            opened = self._client(self._patience)
            self._ask(lambda: obstore.put(opened, key, body, attributes=attributes))

    def object_version(self, key: str) -> str | None:
        """Return the version that a bucket with versioning gave the object, else None.

        Google numbers every object: None there, as it says nothing.
        """
        with self._translated(key):
            opened = self._client(self._patience)
            version = self._ask(lambda: obstore.head(opened, key))["version"]
        return None if version == "null" or self.address.kind == "gcs" else version

    def objects(self, folder: str) -> Iterator[StoredObject]:
        """Yield every object in the folder, in the store's order.

        The markers that some tools leave for a folder, empty objects whose names end with a slash,
        are none: the client shows them without it, and nothing can be read there.
        """
        before: StoredObject | None = None
        for stored in self._listed(folder):
            if before is not None and not _is_marker(before, stored.key):
                yield before
            before = None if stored.key == folder else stored
        if before is not None:
            yield before

    def _listed(self, folder: str) -> Iterator[StoredObject]:
        with self._translated(folder):
            if self._is_absent():
                return
            opened = self._client(self._patience)
            pages = self._ask(lambda: obstore.list(opened, folder or None, chunk_size=_LIST_CHUNK))
            while page := self._ask(lambda: next(pages, None)):
                for meta in page:
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
            if self._is_absent():
                return []
            opened = self._client(self._patience)
            found = self._ask(lambda: obstore.list_with_delimiter(opened))
        return sorted(prefix.strip("/") for prefix in found["common_prefixes"])

    def delete(self, keys: list[str]) -> None:
        """Delete these objects; one that isn't there is no error, as on S3."""
        for wait_seconds in _AGAIN_SECONDS:
            try:
                return self._delete(keys)
            except StoreUnreachable:
                time.sleep(wait_seconds)
        return self._delete(keys)

    def _delete(self, keys: list[str]) -> None:
        with self._translated(keys[0] if keys else ""):
            try:
                # Hundreds of deletions in one request take their time.
                opened = self._client(self._body_patience)
                self._ask(lambda: obstore.delete(opened, keys))
            except FileNotFoundError:
                self._delete_singly(keys)

    def _delete_singly(self, keys: list[str]) -> None:
        for key in keys:
            try:
                obstore.delete(self._client(self._patience), key)
            except FileNotFoundError:
                continue

    def delete_partial(self, folder: str) -> None:
        """Delete what a killed writer left half-written in a folder that is being deleted.

        Only a directory can have it: a file is written beside its name, as ``name#1``, and shown
        by no listing.
        """
        if self.address.kind != "file":
            return
        with self._translated(folder):
            for place, _, names in os.walk(Path(self.address.container, folder), topdown=False):
                for name in filter(_PARTIAL.search, names):
                    Path(place, name).unlink(missing_ok=True)
                with suppress(OSError):  # refused where something is in it
                    Path(place).rmdir()

    def now(self) -> datetime:
        """Return the time by the store's clock: a directory's is the machine's.

        Costs one request without credentials; any answer has a Date (RFC 9110, 6.6.1).
        """
        if self.address.kind in {"file", "memory"}:
            return datetime.now(UTC)
        url = self.address.public_url(self._options, os.environ)
        if url is None:
            raise StoreError(f"The clock of {self.address} can't be asked: its host isn't known.")
        return clock.date_of(url, str(self.address))

    def _translated(self, key: str) -> AbstractContextManager[None]:
        return translating.translated(self.address, key)


def _is_marker(stored: StoredObject, next_key: str) -> bool:
    return not stored.size_bytes and next_key.startswith(f"{stored.key}/")


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

"""What every server offers the tests: an address, credentials, a public door."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import quote, urlsplit

from tests.servers import reading
from tests.servers.processes import HOST, Room, ServerEnded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.servers.reading import Answer

BUCKET = "static"
ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Place:
    """A prefix of a store, with the key to it and the door that the public takes.

    `options` are keyword arguments of obstore's store classes. `public_url` is a URL, the directory
    itself for `file`, None for `memory`. `origin` is the server's scheme, host and port.
    """

    kind: str
    url: str
    options: dict[str, Any]
    public_url: str | None = None
    directory: Path | None = None
    origin: str | None = None

    def read(self, key: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Read an object past every client library: over plain HTTP, or from the directory."""
        if self.directory is not None:
            return reading.fetch_file(self.directory, key)
        if self.public_url is None:
            raise LookupError(f"A {self.kind} place has no public door to read {key!r} through.")
        return reading.fetch(reading.object_url(self.public_url, key), headers=headers)

    def at(self, path: str) -> Self:
        """Return the place below this one."""
        return replace(
            self,
            url=f"{self.url}/{quote(path)}",
            public_url=self.public_url and f"{self.public_url}/{quote(path)}",
            directory=self.directory and self.directory / path,
        )

    def through(self, origin: str) -> Self:
        """Return the same place with a relay, known by its origin, in between."""
        if self.origin is None:
            raise LookupError(f"A {self.kind} place is no server; no relay fits before it.")
        return replace(
            self,
            origin=origin,
            options=redirect(self.options, self.origin, origin),
            public_url=self.public_url and self.public_url.replace(self.origin, origin, 1),
        )


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server with one public container or bucket."""

    kind: ClassVar[str]

    origin: str
    store_url: str
    store_options: dict[str, Any]
    public_url: str

    @property
    def port(self) -> int:
        """The port the server listens on, on loopback."""
        port = urlsplit(self.origin).port
        assert port is not None
        return port

    @classmethod
    def launch(cls, room: Room) -> Self:
        """Start the server in the room and make its container; each kind says how."""
        raise NotImplementedError

    @classmethod
    def start(cls, room: Room) -> Self:
        """Start the server; try other ports if it ends at once.

        Whoever picks a free port can lose it before the server has it.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return cls.launch(room)
            except ServerEnded:
                continue
        return cls.launch(room)

    def as_json(self) -> dict[str, Any]:
        """Return what another process needs to use this server."""
        return asdict(self)

    def place(self, prefix: str) -> Place:
        """Return a prefix of the store."""
        whole = Place(
            kind=self.kind,
            url=self.store_url,
            options=self.store_options,
            public_url=self.public_url,
            origin=self.origin,
        )
        return whole.at(prefix)

    def through(self, origin: str) -> Self:
        """Return the same server with a relay, known by its origin, in between."""
        return replace(
            self,
            origin=origin,
            store_options=redirect(self.store_options, self.origin, origin),
            public_url=self.public_url.replace(self.origin, origin, 1),
        )


def redirect(options: dict[str, Any], origin: str, other: str) -> dict[str, Any]:
    """Return the options with one server's origin replaced by another's."""
    return {
        name: value.replace(origin, other, 1) if isinstance(value, str) else value
        for name, value in options.items()
    }


def origin_of(port: int) -> str:
    """Return the URL of a loopback port, without a path."""
    return f"http://{HOST}:{port}"


def own_room(folder: Path) -> Room:
    """Return a room whose servers end with this process."""
    return Room(folder=folder, owner_pid=os.getpid())

"""Servers shared by the workers of one test run: the first that needs one starts it for all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock

from tests.servers.processes import Room, ServerUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.serving import Server


@dataclass(frozen=True, kw_only=True)
class Run:
    """One test run: its folder, and the process that began it."""

    folder: Path
    controller_pid: int

    @property
    def room(self) -> Room:
        """The room in which the run's servers are started."""
        return Room(folder=self.folder, owner_pid=self.controller_pid)

    def server(self, name: str, kind: type[Server]) -> Server:
        """Return the run's server of that name, started by the first who asks.

        Raise `ServerUnavailable` if it can't be started; that too is found out once.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        outcome = self.folder / f"{name}.json"
        with FileLock(self.folder / f"{name}.lock"):
            if not outcome.exists():
                outcome.write_text(json.dumps(self._start(kind)))
        found = json.loads(outcome.read_text())
        if "unavailable" in found:
            raise ServerUnavailable(found["unavailable"])
        return kind(**found)

    def _start(self, kind: type[Server]) -> dict[str, object]:
        try:
            return kind.start(self.room).as_json()
        except ServerUnavailable as error:
            return {"unavailable": str(error)}

    def end(self) -> None:
        """Stop every server of the run."""
        self.room.stop_all()

"""Where a name on the page leads, and how a command is written there."""

import shlex
from dataclasses import dataclass
from typing import Protocol


class Links(Protocol):
    """The addresses of what a page shows; None where it has no place of its own."""

    def release(self, version: str) -> str | None:
        """Return where one release is shown."""
        ...

    def diff(self, old: str, new: str) -> str | None:
        """Return where two releases are compared."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """A command to copy, and what it is for: the page itself changes nothing."""

    text: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Commands:
    """Writes commands for one program, such as ``python manage.py staticreleases``."""

    program: str

    def __call__(self, purpose: str, *words: str) -> Command:
        return Command(text=f"{self.program} {shlex.join(words)}", purpose=purpose)

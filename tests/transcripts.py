"""Transcripts in the docs: what a page shows is run again, to be compared with it."""

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.projects import STATIC_RELEASES, run

DOCS = Path(__file__).resolve().parents[1] / "docs"


def blocks(page: str, language: str = "console") -> list[str]:
    """Return the fenced blocks of a page in a language, in their order."""
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def play(
    transcript: str,
    directory: Path,
    environment: Mapping[str, str],
    change: Callable[[str], str] = str,
) -> str:
    """Run the commands of a transcript in one shell, and return what a terminal would show.

    ``change`` is made to each command before it is run, and not to how it is shown.
    """
    lines = [line for line in transcript.splitlines() if line.startswith("$ ")]
    script = ["exec 2>&1"]
    for line in lines:
        script += [f"printf '%s\\n' {shlex.quote(line)}", change(line.removeprefix("$ "))]
    path = f"{STATIC_RELEASES.parent}:/usr/bin:/bin"
    return run(
        ["bash", "-c", "\n".join(script)],
        cwd=directory,
        environment={"PATH": path, **environment},
    ).out

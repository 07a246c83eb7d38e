"""What a person or a build log sees: lines, tables and progress."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, Literal

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from static_releases.core.transfers import Progress, Watch
from static_releases.figures import number as number
from static_releases.figures import size as size
from static_releases.figures import when as when

Format = Literal["text", "json"]
# Some build systems stop a step that prints nothing for long; more often would fill the log.
_SECONDS_BETWEEN_LINES = 5.0
# A log has no width: a table must not be folded to a guess.
_LOG_WIDTH = 200


class Terminal:
    """Writes results to one stream, and progress and errors to another."""

    def __init__(
        self,
        *,
        output: IO[str] | None = None,
        errors: IO[str] | None = None,
        format: Format = "text",  # noqa: A002  (the option's name)
    ) -> None:
        self.format = format
        self._output = _console(output or sys.stdout)
        self._errors = _console(errors or sys.stderr)

    def line(self, text: str) -> None:
        """Print a line as it is, never folded; nothing with ``--format json``."""
        if self.format == "text":
            self._output.print(Text(text), soft_wrap=True)

    def error(self, text: str) -> None:
        """Print a line where errors go."""
        self._errors.print(Text(text), soft_wrap=True)

    def json(self, value: Any) -> None:
        """Print a value as JSON, with ``--format json`` only."""
        if self.format == "json":
            self._output.file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def document(self, value: Any) -> None:
        """Print a value as JSON, whatever the format: it is meant for another program."""
        self._output.file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; a column whose title ends with ``>`` is set to the right."""
        if self.format == "json":
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for title in columns:
            table.add_column(
                title.rstrip(">"),
                justify="right" if title.endswith(">") else "left",
                overflow="fold",
            )
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._output.print(table)

    @contextmanager
    def progress(self, label: str) -> Iterator[Watch]:
        """Show how far a long operation is: a bar on a terminal, else a line now and then."""
        if self._errors.is_terminal:
            with self._bars(label) as watch:
                yield watch
        else:
            yield _lines(label, self)

    @contextmanager
    def counting(self, label: str) -> Iterator[Callable[[int, int], None]]:
        """Show how many of how many are done, as `progress` does for bytes."""
        if not self._errors.is_terminal:
            yield _counted_lines(label, self)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
            TimeRemainingColumn(),
        )
        with Bars(*columns, console=self._errors, transient=True) as bars:
            task = bars.add_task(label, total=0)
            yield lambda done, total: bars.update(task, completed=done, total=total)

    @contextmanager
    def _bars(self, label: str) -> Iterator[Watch]:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[files]}"),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Bars(*columns, console=self._errors, transient=True) as bars:
            task = bars.add_task(label, total=None, files="")

            def watch(progress: Progress) -> None:
                bars.update(
                    task,
                    completed=progress.bytes_done,
                    total=progress.size_bytes,
                    files=f"{progress.files_done:,} of {progress.files:,} files",
                )

            yield watch


def _console(stream: IO[str]) -> Console:
    console = Console(file=stream, highlight=False)
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    return console


def _lines(label: str, terminal: Terminal) -> Watch:
    last_at = time.monotonic()

    def watch(progress: Progress) -> None:
        nonlocal last_at
        if time.monotonic() - last_at < _SECONDS_BETWEEN_LINES:
            return
        last_at = time.monotonic()
        terminal.error(
            f"{label}: {progress.files_done:,} of {progress.files:,} files, "
            f"{size(progress.bytes_done)} of {size(progress.size_bytes)}"
        )

    return watch


def _counted_lines(label: str, terminal: Terminal) -> Callable[[int, int], None]:
    last_at = time.monotonic()

    def watch(done: int, total: int) -> None:
        nonlocal last_at
        if time.monotonic() - last_at >= _SECONDS_BETWEEN_LINES:
            last_at = time.monotonic()
            terminal.error(f"{label}: {done:,} of {total:,}")

    return watch

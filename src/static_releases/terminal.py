"""What a person or a build log sees: lines, tables and progress."""

import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
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

from static_releases.core.transfers import Count, Progress, Watch
from static_releases.figures import number as number
from static_releases.figures import size as size
from static_releases.figures import when as when

Format = Literal["text", "json"]
# Some build systems stop a step that prints nothing for long; more often would fill the log.
_SECONDS_BETWEEN_LINES = 5.0
# A log has no width: a table must not be folded to a guess.
_LOG_WIDTH = 200
# Cells between the columns of a table, and where it would be too wide with these.
_GAP = 3
_NARROW_GAP = 2
# Control characters but for the end of a line and the tabulator, and those that turn the direction.
_COMMANDING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


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
        for stream in (output or sys.stdout, errors or sys.stderr):
            forgive(stream)
        self._output = _console(output or sys.stdout)
        self._errors = _console(errors or sys.stderr)
        # FORCE_COLOR makes rich take a log for a terminal; a bar would be written into it.
        self._has_bars = _is_terminal(errors or sys.stderr) and self._errors.is_terminal

    def line(self, text: str) -> None:
        """Print a line as it is, never folded; nothing with ``--format json``."""
        if self.format == "text":
            self._output.print(_text(text), soft_wrap=True)

    def error(self, text: str) -> None:
        """Print a line where errors go."""
        self._errors.print(_text(text), soft_wrap=True)

    def json(self, value: Any) -> None:
        """Print a value as JSON, with ``--format json`` only."""
        if self.format == "json":
            self.document(value)

    def document(self, value: Any) -> None:
        """Print a value as JSON, whatever the format: it is meant for another program."""
        self._output.file.write(_as_json(value, self._output.encoding) + "\n")
        self._output.file.flush()  # where nobody reads, the command says so now and not at its end

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; a column whose title ends with ``>`` is set to the right."""
        if self.format == "json":
            return
        texts = [[_text(title.rstrip(">")) for title in columns], *(map(_text, r) for r in rows)]
        cells = [list(column) for column in zip(*texts, strict=True)]
        least = [max(map(_longest_word, column)) for column in cells]
        least[0] = max(text.cell_len for text in cells[0])  # one that is folded can't be copied
        room, gap = self._output.width, _GAP
        if sum(least) + gap * len(least) > room:
            gap = _NARROW_GAP
        widths = _shared(least, cells, room - gap * len(least))
        table = Table(
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            header_style="bold",
            collapse_padding=gap == _NARROW_GAP,
        )
        for title, width in zip(columns, widths, strict=True):
            justify: Literal["left", "right"] = "right" if title.endswith(">") else "left"
            table.add_column(title.rstrip(">"), justify=justify, overflow="fold", width=width)
        for row in rows:
            table.add_row(*map(_text, row))
        total = sum(widths) + gap * len(widths)
        if total <= room:
            self._output.print(table)
        else:
            Console(file=self._output.file, width=total, highlight=False).print(table)

    @contextmanager
    def progress(self, label: str) -> Iterator[Watch]:
        """Show how far a long operation is: a bar on a terminal, else a line now and then."""
        if self._has_bars:
            with self._bars(label) as watch:
                yield watch
            return
        with _lines(label, self) as hear:
            yield lambda far: hear(
                f"{far.files_done:,} of {far.files:,} files, "
                f"{size(far.bytes_done)} of {size(far.size_bytes)}"
            )

    @contextmanager
    def counting(self, label: str) -> Iterator[Count]:
        """Show how many of how many are done, as `progress` does for bytes."""
        if not self._has_bars:
            with _lines(label, self) as hear:
                yield lambda done, total: hear(f"{done:,} of {total:,}")
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[done]}"),
            TimeRemainingColumn(),
        )
        with Bars(*columns, console=self._errors, transient=True) as bars:
            # Until the first is done nobody knows how many they are: the bar only moves.
            task = bars.add_task(label, total=None, done="")

            def count(done: int, total: int) -> None:
                bars.update(task, completed=done, total=total, done=f"{done:,} of {total:,}")

            yield count

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


def _longest_word(text: Text) -> int:
    return max((Text(word).cell_len for word in text.plain.split()), default=0)


def _shared(least: list[int], cells: list[list[Text]], room: int) -> list[int]:
    """Return the widths of a table's columns: what each needs at least, and of the rest what it
    needs, beginning with those that need little. The longest text gets what is left.
    """
    widths, spare = list(least), max(0, room - sum(least))
    wanted = [max(text.cell_len for text in column) for column in cells]
    by_need = sorted(range(len(widths)), key=lambda n: wanted[n] - widths[n])
    for n in by_need:
        missing = wanted[n] - widths[n]
        if missing <= spare or n == by_need[-1]:
            widths[n] += min(missing, spare)
            spare -= min(missing, spare)
    return widths


def _console(stream: IO[str]) -> Console:
    console = Console(file=stream, highlight=False)
    if not _is_terminal(stream):
        console.width = _LOG_WIDTH
    return console


def _text(text: str) -> Text:
    """Return text as it is, but for what would move the cursor or change what is on the screen.

    Names in a store, and who wrote them, are what somebody put there.
    """
    return Text(_COMMANDING.sub(lambda found: repr(found[0])[1:-1], text))


def _is_terminal(stream: IO[str]) -> bool:
    isatty = getattr(stream, "isatty", None)  # call_command takes whatever can write
    return bool(isatty and isatty())


def forgive(stream: IO[str]) -> None:
    """Show what the stream's encoding lacks as an escape, such as a name in an ASCII log."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _as_json(value: Any, encoding: str) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(value, indent=2)
    return text


@contextmanager
def _lines(label: str, terminal: Terminal) -> Iterator[Callable[[str], None]]:
    """Print now and then how far it is, as it was last told: also where nothing ends for long."""
    far = ""
    over = Event()

    def hear(text: str) -> None:
        nonlocal far
        far = text

    def tell() -> None:
        while not over.wait(_SECONDS_BETWEEN_LINES):
            terminal.error(f"{label}: {far or '...'}")

    thread = Thread(target=tell, name="static-releases-lines", daemon=True)
    thread.start()
    try:
        yield hear
    finally:
        over.set()
        thread.join(_SECONDS_BETWEEN_LINES)

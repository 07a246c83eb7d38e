"""What a person or a build log sees, on streams that are narrow, plain or of another encoding."""

import io
import json
import os
import pty
import re
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from static_releases import terminal
from static_releases.core.transfers import Progress
from static_releases.terminal import Terminal
from tests.places import write_tree
from tests.projects import STATIC_RELEASES, make_project
from tests.report.stores import DAY, Past, files_of

VERSION = "2026.11.24-0123456789abcdef0123456789abcdef01234567"


def ascii_stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii")


def written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("ascii")


def test_what_the_encoding_lacks_is_shown_as_an_escape() -> None:
    output, errors = ascii_stream(), ascii_stream()
    out = Terminal(output=output, errors=errors)
    out.line("ünï.css")
    out.error("bad-\udcff.css")
    out.table(("version", "path"), [("v1", "中.svg")])
    assert "\\xfcn\\xef.css" in written(output)
    assert "\\u4e2d.svg" in written(output)
    assert "bad-\\udcff.css" in written(errors)


def test_what_somebody_put_into_a_store_commands_no_terminal() -> None:
    hostile, shown = "a\x1b[2J\r\x9b31m\u202egpj\tb", r"a\x1b[2J\r\x9b31m\u202egpj"
    output, errors = io.StringIO(), io.StringIO()
    out = Terminal(output=output, errors=errors)
    out.line(f"by {hostile}\nsecond")
    out.error(hostile)
    out.table(("name", "by"), [("production", hostile)])
    assert output.getvalue().startswith(f"by {shown}")
    assert "\nsecond\n" in output.getvalue()
    assert output.getvalue().count(shown) == 2
    assert shown in errors.getvalue()
    assert not set("\x1b\r\x9b\u202e") & set(output.getvalue() + errors.getvalue())


def test_json_stays_json_in_every_encoding() -> None:
    output = ascii_stream()
    Terminal(output=output, format="json").json({"path": "ünï.css"})
    assert json.loads(written(output)) == {"path": "ünï.css"}


@pytest.mark.parametrize("columns", ["20", "40", "80"])
def test_a_version_is_never_folded(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "xterm")
    output = Tty()
    columns_ = ("version", "state", "published", "files>")
    Terminal(output=output).table(columns_, [(VERSION, "published", "2026-11-24 08:00 UTC", "1")])
    assert VERSION in output.getvalue()


def test_a_narrow_table_folds_between_words_and_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    output = Tty()
    columns = ("version", "state", "published", "age>", "files>", "size>", "layout", "pins")
    row = ("v1.2.3-rc.1", "published", "2026-11-24 08:42 UTC", "6 minutes", "2", "20.0 kB")
    Terminal(output=output).table(columns, [(*row, "folder", "production, staging")])
    shown = re.sub(r"\x1b\[[0-9;]*m", "", output.getvalue())
    assert max(map(len, shown.splitlines())) <= 80
    assert {"v1.2.3-rc.1", "published", "2026-11-24", "production,", "staging"} <= set(
        shown.split()
    )


def test_force_color_writes_no_bar_into_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    errors = io.StringIO()
    with Terminal(errors=errors).progress("publishing v1"):
        pass
    assert errors.getvalue() == ""


@pytest.mark.parametrize("kind", ["progress", "counting"])
def test_a_log_hears_of_what_takes_long_before_anything_of_it_is_done(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "_SECONDS_BETWEEN_LINES", 0.01)
    errors = io.StringIO()
    out = Terminal(errors=errors)
    before = threading.active_count()

    def said(text: str) -> bool:
        ends_at = time.monotonic() + 30
        while text not in errors.getvalue() and time.monotonic() < ends_at:
            time.sleep(0.01)
        return text in errors.getvalue()

    if kind == "progress":
        with out.progress("copying v1") as watch:
            assert said("copying v1: ...\n")
            watch(Progress(files_done=1, files=2000, bytes_done=9, size_bytes=5000))
            assert said("copying v1: 1 of 2,000 files, 9 B of 5.0 kB\n")
    else:
        with out.counting("deleting v1") as count:
            assert said("deleting v1: ...\n")
            count(256, 4000)
            assert said("deleting v1: 256 of 4,000\n")
    assert threading.active_count() == before


@pytest.mark.parametrize("name", ["ünï.css", "中文/a.css"])
def test_names_are_published_where_the_output_is_ascii(tmp_path: Path, name: str) -> None:
    options: dict[str, Any] = {"store": f"file://{tmp_path}/störe", "version": "v1"}
    project = make_project(tmp_path / "pröject", options=options, assets={name: b"i {}"})
    page = project.path("templates/home.html")
    page.write_text("")
    done = project.manage("collectstatic", "--no-input", "-v", "2", PYTHONIOENCODING="ascii")
    assert (done.status, done.err) == (0, "")
    settings = project.path("settings.py")
    settings.write_text(settings.read_text().replace('"v1"', '"v2"'))
    project.path(f"assets/{name}").write_bytes(b"b {}")
    done = project.manage("collectstatic", "--no-input", PYTHONIOENCODING="ascii")
    assert done.status == 1
    assert "Traceback" not in done.err


def on_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    """Run a command whose errors go to a terminal; return what is shown there."""
    reader, writer = pty.openpty()
    done = subprocess.run(
        command, env=environment, check=False, stdout=subprocess.DEVNULL, stderr=writer
    )
    os.close(writer)
    with suppress(OSError):
        shown = os.read(reader, 100_000).decode()
    os.close(reader)
    assert done.returncode == 0, shown
    return shown


@pytest.mark.parametrize(
    ("verb", "shown"),
    [
        ("list", "3 of 3"),
        ("pins", "2 of 2"),
        ("pins production", "4 of 4"),
        ("prune --keep 1", "2 of 2"),
        ("report {folder}/page.html", "3 of 3"),
        ("discard v9", "1 of 1"),
    ],
)
def test_a_verb_that_reads_every_release_shows_how_far_it_is(
    verb: str, shown: str, tmp_path: Path
) -> None:
    past = Past(tmp_path / "store")
    for number in (1, 2):
        past.release(f"v{number}", files_of(number), number * DAY)
    past.release("v9", files_of(9), DAY / 2, outcome=None)
    past.pinned("production", [("v1", DAY), ("v2", DAY), ("v1", DAY), ("v2", DAY)])
    past.pinned("staging", [("v1", DAY)])
    command = [str(STATIC_RELEASES), "--store", past.url, *verb.format(folder=tmp_path).split()]
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "120"}
    said = on_a_terminal(command, environment)
    assert shown in said
    assert "of 0" not in said


def test_a_terminal_that_is_narrow_shows_the_version_whole(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", {"a.css": b"i {}"})
    command = [str(STATIC_RELEASES), "--store", f"file://{tmp_path}/store"]
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "30"}
    publish = [*command, "publish", str(tree), "--version", VERSION]
    subprocess.run(publish, env=environment, check=True, capture_output=True)
    reader, writer = pty.openpty()
    subprocess.run([*command, "list"], env=environment, check=True, stdout=writer)
    os.close(writer)
    assert VERSION in os.read(reader, 10_000).decode()
    os.close(reader)

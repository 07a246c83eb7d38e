"""The verbs on both command lines: what they print, and how they end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from static_releases.core import discarding, documents, inventory, planning, publishing
from tests.places import collect, open_store, some_files, write_tree
from tests.projects import STATIC_RELEASES, Finished, Project, make_project, run
from tests.servers.serving import Place


class Line:
    """The command line ``static-releases`` for one store and tree."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = directory / "store"
        self.tree = write_tree(directory / "tree", some_files(6))

    def __call__(self, *arguments: str, **environment: str) -> Finished:
        command = [str(STATIC_RELEASES), "--store", f"file://{self.store}", *arguments]
        return run(command, cwd=self.directory, environment=environment)

    def json(self, *arguments: str) -> Any:
        done = self(*arguments, "--format", "json")
        assert done.status == 0, done.err
        return json.loads(done.out)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def test_a_release_from_beginning_to_end(line: Line) -> None:
    assert line("publish", str(line.tree), RELEASE_VERSION="v1").status == 0
    done = line("publish", str(line.tree), "--version", "v1")
    assert "Already published v1: 6 files" in done.out
    assert "published" in line("list").out
    assert "tree digest" in line("show", "v1").out
    assert "by listing: as published" in line("verify", "v1").out
    assert "every byte and header read: as published" in line("verify", "v1", "--deep").out
    assert "v1 is published" in line("ready", "v1").out


def test_the_keys_of_list_are_stable(line: Line) -> None:
    line("publish", str(line.tree), "--version", "v1")
    [release] = line.json("list")
    size_bytes = sum(file.stat().st_size for file in line.tree.rglob("*.*") if file.is_file())
    assert list(release) == [
        "version", "state", "published_at", "files", "size_bytes", "layout", "pins", "new_bytes",
    ]  # fmt: skip
    assert release | {"published_at": None} == {
        "version": "v1",
        "state": "published",
        "published_at": None,
        "files": 6,
        "size_bytes": size_bytes,
        "layout": "folder",
        "pins": [],
        "new_bytes": None,
    }
    assert release["published_at"].endswith("+00:00")


@pytest.mark.parametrize("verb", ["publish", "list", "show", "verify", "ready", "discard"])
def test_every_verb_speaks_json_and_nothing_else_on_its_output(line: Line, verb: str) -> None:
    line("publish", str(line.tree), "--version", "v1")
    unfinished(line)
    arguments = {
        "publish": [str(line.tree), "--version", "v1"],
        "list": ["--all"],
        "discard": ["v2"],
    }.get(verb, ["v1"])
    assert line.json(verb, *arguments)


def unfinished(line: Line) -> None:
    """Leave a publication of v2 that was killed after its claim."""
    place = Place(kind="file", url=f"file://{line.store}", options={}, directory=line.store)
    store = open_store(place)
    manifest = collect(line.tree).manifest
    publishing._claim(store, planning.plan(store, "v2", manifest), "tests")


def test_an_unfinished_publication_is_listed_and_discarded(line: Line) -> None:
    unfinished(line)
    assert [r["state"] for r in line.json("list")] == ["publishing"]
    assert line("verify", "v2").status == 1
    assert line("ready", "v2").status == 1
    assert line("discard", "v2").status == 0
    assert line.json("list") == []
    assert [r["state"] for r in line.json("list", "--all")] == ["discarded"]
    done = line("publish", str(line.tree), "--version", "v2")
    assert (done.status, "--now" in done.err) == (1, True)
    assert line("publish", str(line.tree), "--version", "v2", "--now").status == 0


def test_verify_tells_each_difference_and_fails(line: Line) -> None:
    line("publish", str(line.tree), "--version", "v1")
    files = sorted(path for path in (line.store / "v1").rglob("*.*") if path.is_file())
    files[0].unlink()
    files[1].write_bytes(b"?" * files[1].stat().st_size)
    files[2].write_bytes(b"longer" * 1000)
    (line.store / "v1/foreign.js").write_text("?")
    shallow = line("verify", "v1")
    assert shallow.status == 1
    assert {text.split(": ")[1] for text in shallow.out.splitlines()[:-1]} == {
        "missing", "size", "foreign",
    }  # fmt: skip
    deep = line("verify", "v1", "--deep", "--format", "json")
    assert deep.status == 1
    faults = sorted(d["fault"] for d in json.loads(deep.out)["differences"])
    assert faults == ["bytes", "foreign", "missing", "size"]


def test_failures_end_with_1_and_wrong_use_with_2(line: Line) -> None:
    line("publish", str(line.tree), "--version", "v1")
    (line.tree / "new.js").write_text("1")
    assert line("publish", str(line.tree), "--version", "v1").status == 1
    assert line("show", "v9").status == 1
    assert line("publish", str(line.tree / "none"), "--version", "v3").status == 1
    assert line("publish", str(line.tree)).status == 2
    assert line("publish", str(line.tree), "--version", "v/3").status == 2
    assert line("frobnicate").status == 2
    assert line().status == 2
    assert line("list", "--format", "xml").status == 2
    command = [str(STATIC_RELEASES), "--store", "ftp://x", "list"]
    assert run(command, cwd=line.directory).status == 2
    assert run([str(STATIC_RELEASES), "list"], cwd=line.directory).status == 2


def test_errors_are_lines_and_no_traceback(line: Line) -> None:
    for arguments in (["show", "v9"], ["publish", "/none", "--version", "v1"], ["discard", "v9"]):
        done = line(*arguments)
        assert "Traceback" not in done.err
        assert done.err.startswith("static-releases: ")
        assert done.out == ""


def test_a_mutable_version_is_warned_of(line: Line) -> None:
    done = line("publish", str(line.tree), "--version", "latest")
    assert done.status == 0
    assert "'latest'" in done.err


def test_ready_asks_the_public_url_without_credentials(
    make_place: Callable[[str], Place], tmp_path: Path
) -> None:
    place = make_place("s3")
    store = open_store(place)
    tree = collect(write_tree(tmp_path / "tree", some_files(3)))
    publishing.publish(store, "v1", tree, by="tests")

    def ready(version: str, base_url: str) -> Finished:
        command = [str(STATIC_RELEASES), "--base-url", base_url, "ready", version]
        return run(command, cwd=tmp_path)

    base_url = str(place.public_url)
    assert ready("v1", base_url).status == 0
    assert "not published" in ready("v2", base_url).err
    assert ready("v2", base_url).status == 1
    assert ready("v1", "http://127.0.0.1:9/none").status == 1
    planned = planning.plan(store, "v3", tree.manifest)
    claim = publishing._claim(store, planned, "tests")
    discarding.discard(store, claim.version, by="tests")
    assert "discarded" in ready("v3", base_url).err


# -- manage.py -----------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Project:
    options = {"store": f"file://{tmp_path}/store", "version": "v1"}
    project = make_project(tmp_path / "project", options=options)
    assert project.manage("collectstatic", "--no-input").status == 0
    return project


def test_the_same_verbs_stand_under_manage(project: Project) -> None:
    for arguments in (["list"], ["show", "v1"], ["verify"], ["verify", "--deep"], ["ready"]):
        done = project.manage("staticreleases", *arguments)
        assert (done.status, done.err) == (0, ""), arguments
    done = project.manage("staticreleases", "list", "--format", "json")
    assert json.loads(done.out)[0]["version"] == "v1"


def test_options_of_django_are_taken_after_the_verb(project: Project) -> None:
    done = project.manage("staticreleases", "list", "--settings", "settings", "-v", "2")
    assert done.status == 0, done.err


def test_failures_and_wrong_use_under_manage(project: Project) -> None:
    assert project.manage("staticreleases", "show", "v9").status == 1
    assert project.manage("staticreleases", "discard", "v1").status == 1
    assert project.manage("staticreleases", "frobnicate").status == 2
    assert project.manage("staticreleases").status == 2
    assert project.manage("staticreleases", "publish", "--version", "a/b").status == 2
    wrong = project.manage("staticreleases", "verify", "--url", "--sample", "few")
    assert wrong.status == 2
    assert "'few' is not a whole number above 0" in wrong.err
    (project.directory.parent / "store/v1/site/app.js").unlink()
    assert project.manage("staticreleases", "verify").status == 1


@pytest.mark.parametrize("verb", [["list"], ["list", "--format", "json"], ["show", "v1"]])
def test_a_reader_that_goes_away_is_no_traceback(project: Project, verb: list[str]) -> None:
    store = f"file://{project.directory.parent}/store"
    for command in (
        [sys.executable, "manage.py", "staticreleases", *verb],
        [str(STATIC_RELEASES), "--store", store, *verb],
    ):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            done = subprocess.run(
                command,
                cwd=project.directory,
                env={"PATH": os.environ["PATH"]},
                stdout=pipe,
                stderr=subprocess.PIPE,
                check=False,
            )
        assert (done.returncode, done.stderr) == (1, b"")


def test_a_project_with_another_storage_is_told_so(project: Project) -> None:
    settings = project.path("settings.py")
    other = "django.contrib.staticfiles.storage.StaticFilesStorage"
    text = settings.read_text()
    text = text.replace("static_releases.storage.ReleaseStaticFilesStorage", other)
    settings.write_text(text[: text.index('"OPTIONS": {\'store')] + "}}\n")
    done = project.manage("staticreleases", "list")
    assert done.status == 2
    assert "ReleaseStaticFilesStorage" in done.err
    assert "Traceback" not in done.err


# -- order ----------------------------------------------------------------------------------------


def test_releases_are_listed_newest_publication_first(place: Place, tmp_path: Path) -> None:
    store = open_store(place)
    tree = collect(write_tree(tmp_path / "tree", some_files(2)))
    for version in ("v2", "v10", "v1"):
        publishing.publish(store, version, tree, by="tests")
        time.sleep(1.05)  # Azure's clock in a listing counts seconds
    assert [r.version for r in inventory.releases(store)] == ["v1", "v10", "v2"]


# -- what is in them ------------------------------------------------------------------------------


def deleted(line: Line, version: str) -> None:
    """Leave what a prune leaves: the documents, with the verdict, and no file."""
    history = line.store / "_releases" / version
    (history / "retired-1.json").write_bytes(documents.encode_mark(by="tests"))
    (history / "verdict-1.json").write_bytes(documents.encode_mark(verdict="deleting"))
    shutil.rmtree(line.store / version)


def test_diff_and_show_also_know_a_deleted_release(line: Line) -> None:
    line("publish", str(line.tree), "--version", "v1")
    (line.tree / "big.bin").write_bytes(bytes(5000))
    (line.tree / "app1/file-1.css").write_bytes(b"changed")
    (line.tree / "app2/file-2.svg").unlink()
    line("publish", str(line.tree), "--version", "v2")
    deleted(line, "v1")
    done = line("diff", "v1", "v2")
    assert done.status == 0
    assert "v1 to v2: 1 added, 1 removed, 1 changed, 4 unchanged." in done.out
    assert "5.0 kB are new" in done.out
    found = line.json("diff", "v1", "v2")
    assert [a["path"] for a in found["added"]] == ["big.bin"]
    assert found["changed"] == [
        {"path": "app1/file-1.css", "what": "bytes", "old_size_bytes": 64, "size_bytes": 7}
    ]
    assert found["new_bytes"] == 5007
    assert line.json("show", "v1")["state"] in {"deleting", "deleted"}
    assert line.json("show", "v2")["largest"][0] == {"path": "big.bin", "size_bytes": 5000}
    assert line("diff", "v1", "v9").status == 1
    assert line("diff", "v1", "v1").status == 2


@pytest.fixture
def hung() -> Iterator[socket.socket]:
    """A server that takes every connection and answers nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.settimeout(60)
        yield listener


@pytest.mark.parametrize("verb", [["list"], ["publish", "{tree}", "--version", "v1"]])
def test_ctrl_c_ends_a_command_whose_server_hangs(
    line: Line, hung: socket.socket, verb: list[str]
) -> None:
    endpoint = f"http://127.0.0.1:{hung.getsockname()[1]}"
    options = {"endpoint": endpoint, "region": "eu-west-1", "access_key_id": "a",
               "secret_access_key": "b"}  # fmt: skip
    command = [
        str(STATIC_RELEASES), "--store", "s3://b",
        *(f"--store-option={name}={value}" for name, value in options.items()),
        *(part.format(tree=line.tree) for part in verb),
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    connection, _ = hung.accept()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    connection.close()
    assert process.returncode == 130
    assert errors == "static-releases: Stopped. Running it again is safe and goes on from there.\n"


@pytest.mark.parametrize(
    "verb", [["list"], ["show", "v1"], ["verify", "v1"], ["discard", "v1"], ["pins"]]
)
def test_a_directory_that_is_not_there_is_told_of_and_not_made(line: Line, verb: list[str]) -> None:
    done = line(*verb)
    assert done.status == 1
    assert f"There is no directory {line.store}" in done.err
    assert not line.store.exists()


def test_a_dry_run_makes_no_directory_and_publishing_does(line: Line) -> None:
    arguments = ("publish", str(line.tree), "--version", "v1")
    assert "would be published: 6 files" in line(*arguments, "--dry-run").out
    assert not line.store.exists()
    assert line(*arguments).status == 0
    assert (line.store / "v1").is_dir()


def test_parsing_a_command_line_loads_no_client_library() -> None:
    program = (
        "import sys; from static_releases import cli; "
        "cli._parser().parse_args(['list']); print('obstore' in sys.modules)"
    )
    assert run([sys.executable, "-c", program], cwd=Path(), environment={}).out == "False\n"

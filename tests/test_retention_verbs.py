"""Retire, restore and prune from the command line, and the page that tells of them."""

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from static_releases import cli
from static_releases.core import address, inventory, pins, publishing
from static_releases.core.store import Store
from tests.conftest import MakeRelay
from tests.places import collect, open_store, some_files, write_tree
from tests.projects import STATIC_RELEASES
from tests.servers.serving import Place
from tests.servers.traffic import Request

PAGE = Path(__file__).resolve().parents[1] / "docs/retention.md"


class Line:
    """The command line for one directory with v1, v2 and v3."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.url = (directory / "store").as_uri()
        self.store = Store(address.parse(self.url))
        self.capsys = capsys
        for version in ("v1", "v2", "v3"):
            tree = write_tree(directory / version, some_files(4, seed=version))
            assert self("publish", str(tree), "--version", version)[0] == 0

    def __call__(self, *arguments: str) -> tuple[int, str]:
        status = cli.main(["--store", self.url, *arguments])
        captured = self.capsys.readouterr()
        return status, captured.out + captured.err

    def json(self, *arguments: str) -> Any:
        assert cli.main(["--store", self.url, *arguments, "--format", "json"]) == 0
        return json.loads(self.capsys.readouterr().out)

    def states(self) -> dict[str, str]:
        return {release.version: release.state for release in inventory.releases(self.store)}


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(tmp_path, capsys)


def test_a_prune_shows_its_plan_and_does_nothing_without_yes(line: Line) -> None:
    line("pin", "production", "v1")
    before = {o.key: o.modified_at for o in line.store.objects("")}
    status, text = line("prune", "--keep", "1", "--grace-days", "0")
    assert status == 0
    assert re.search(r"v3 +published .+ keep +1 of the newest 1", text)
    assert re.search(r"v2 +published .+ \S+ k?B +delete +not kept by the rule", text)
    assert re.search(r"v1 +published .+ keep +pinned: production", text)
    assert "1 deleted now, which frees" in text
    assert "Nothing was done: --yes does it." in text
    assert {o.key: o.modified_at for o in line.store.objects("")} == before


def test_a_prune_retires_waits_and_deletes(line: Line) -> None:
    status, text = line("prune", "--keep", "1", "--yes")
    assert status == 0
    assert "2 retired, and deleted 7 days later" in text
    assert "Retired v1." in text
    assert "no release is pinned" in text
    _, text = line("prune", "--keep", "1", "--yes")
    assert re.search(r"v1 +retired .+ wait +retired .+ in its grace until", text)
    assert "Nothing was done" not in text
    assert line("restore", "v2") == (0, "Restored v2.\n")
    assert line("restore", "v2") == (0, "v2 is published: nothing to restore.\n")
    _, text = line("prune", "--keep", "2", "--grace-days", "0", "--yes")
    assert "Deleted v1: 4 objects" in text
    assert line.states() == {"v3": "published", "v2": "published", "v1": "deleted"}


def test_the_plan_and_what_was_done_are_told_as_json(line: Line) -> None:
    value = line.json("prune", "--keep", "2", "--grace-days", "0", "--yes")
    assert value["done"] is True
    assert value["rule"] == "--keep 2 --grace-days 0"
    assert [each["action"] for each in value["releases"]] == ["keep", "keep", "delete"]
    [outcome] = value["outcomes"]
    assert (outcome["did"], outcome["deleted_bytes"]) == ("deleted", value["frees_bytes"])


def test_a_pinned_release_is_not_retired(line: Line) -> None:
    line("pin", "production", "v1")
    status, text = line("retire", "v1")
    assert (status, "pinned as production" in text) == (1, True)
    assert line("retire", "v2")[0] == 0
    assert line("retire", "v2")[1].startswith("Already retired v2")
    assert line.json("retire", "v2") == {"version": "v2", "state": "retired", "is_new": False}
    assert line("retire", "v9")[0] == 1


@pytest.mark.parametrize(
    "rule", [[], ["--keep", "0"], ["--keep", "-1"], ["--keep-days", "-3"], ["--match", "pr-*"]]
)
def test_a_rule_that_would_keep_nothing_is_wrong_usage(line: Line, rule: list[str]) -> None:
    status, text = line("prune", *rule, "--yes")
    assert status == 2
    assert "--keep" in text
    assert set(line.states().values()) == {"published"}


def test_an_empty_store_has_nothing_to_prune(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--store", tmp_path.as_uri(), "prune", "--keep", "1", "--yes"]) == 0
    assert "holds no release" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["azure", "s3"])
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_prune_that_is_stopped_leaves_what_the_next_run_finishes(
    kind: str,
    kill: signal.Signals,
    make_place: Callable[[str], Place],
    relay: MakeRelay,
    tmp_path: Path,
) -> None:
    place = make_place(kind)
    store = open_store(place)
    for version in ("v1", "v2", "v3"):
        tree = collect(write_tree(tmp_path / version, some_files(20, seed=version)))
        publishing.publish(store, version, tree, by="a test")
    between = relay(place)
    started: list[subprocess.Popen[bytes]] = []
    stopped = threading.Event()

    def stop(request: Request) -> bool:
        """Stop it at its first deletion; none gets through."""
        is_first = request.kind == "delete" and not stopped.is_set()
        if is_first:
            stopped.set()
            started[0].send_signal(kill)
        return request.kind == "delete"

    between.answer(503, matching=stop)
    started.append(run(place.through(between.origin)))
    output, _ = started[0].communicate(timeout=60)
    text = output.decode()
    assert started[0].returncode == (130 if kill is signal.SIGINT else -kill), text
    if kill is signal.SIGINT:
        assert text.splitlines()[-1].endswith("Running it again is safe and goes on from there.")
    states = {release.version: release.state for release in inventory.releases(store)}
    assert states["v3"] == "published"
    assert set(states.values()) <= {"published", "retired", "deleting"}
    assert "deleting" in states.values()
    again = run(place)
    output, _ = again.communicate(timeout=60)
    assert again.returncode == 0, output.decode()
    states = {release.version: release.state for release in inventory.releases(store)}
    assert states == {"v3": "published", "v2": "deleted", "v1": "deleted"}


def run(place: Place) -> "subprocess.Popen[bytes]":
    options = [
        f"--store-option={name}={value}"
        for name, value in place.options.items()
        if not isinstance(value, dict)
    ]
    rule = ["prune", "--keep", "1", "--grace-days", "0", "--yes"]
    return subprocess.Popen(
        [str(STATIC_RELEASES), "--store", place.url, *options, *rule],
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_a_list_tells_age_and_what_is_new_in_each_release(line: Line) -> None:
    line("prune", "--keep", "2", "--grace-days", "0", "--yes")
    status, text = line("list")
    assert status == 0
    assert re.search(r"v3 +published .+ UTC +under a minute +4 ", text)
    assert "v1" not in text
    v3, v2, v1 = line.json("list", "--all", "--new-bytes")
    # Each of the trees has other bytes in every file; v1 stays known when it is deleted.
    assert [each["new_bytes"] for each in (v3, v2, v1)] == [
        each["size_bytes"] for each in (v3, v2, v1)
    ]
    _, text = line("list", "--new-bytes")
    assert re.search(r"version .+ size +new +layout", text)
    assert [each["new_bytes"] for each in line.json("list", "--new-bytes")] == [
        v3["size_bytes"],
        v2["size_bytes"],
    ]


# -- docs/retention.md -----------------------------------------------------------------------------


def test_the_deploy_script_of_the_page_pins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = (tmp_path / "store").as_uri()
    tree = write_tree(tmp_path / "tree", some_files(2))
    for version in ("v1.2.2", "v1.2.3"):
        assert cli.main(["--store", url, "publish", str(tree), "--version", version]) == 0
    assert cli.main(["--store", url, "pin", "production", "v1.2.2"]) == 0
    [snippet] = re.findall(r"```python\n(.+?)```", PAGE.read_text(), re.DOTALL)
    exec(snippet.replace("file:///srv/releases", url), {})  # noqa: S102
    store = Store(address.parse(url))
    assert pins.read_name(store, "production").version == "v1.2.3"
    assert pins.read_name(store, "production", depth="log").entries[-1].by == "deploy"


def test_the_commands_of_the_page_are_understood(line: Line) -> None:
    commands = re.findall(r"^\$ static-releases (prune .+)$", PAGE.read_text(), re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        status, _ = line(*(part.strip("'") for part in command.split()))
        assert status == 0

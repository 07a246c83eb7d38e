"""Ctrl-C: a clear last line, at once, also while a request hangs; the next run goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from static_releases.core import inventory
from tests.conftest import MakeRelay
from tests.places import open_store
from tests.projects import STATIC_RELEASES, make_project
from tests.servers.serving import Place
from tests.servers.traffic import Request

COMMANDS = {
    "static-releases": [str(STATIC_RELEASES), "publish", "{collected}"],
    "staticreleases": [sys.executable, "manage.py", "staticreleases", "publish", "{collected}"],
    "collectstatic": [sys.executable, "manage.py", "collectstatic", "--no-input"],
}


def is_asset(request: Request) -> bool:
    return request.kind == "put" and "/_releases/" not in request.path


@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_does_not_wait_for_a_request_that_hangs(
    name: str, make_place: Callable[[str], Place], relay: MakeRelay, tmp_path: Path
) -> None:
    place = make_place("s3")
    between = relay(place)
    through = place.through(between.origin)
    plain = {n: value for n, value in through.options.items() if not isinstance(value, dict)}
    options = {"store": place.url, "store_options": through.options, "version": "v1"}
    project = make_project(tmp_path / "project", options=options)
    collected = project.path("assets")
    command = [part.format(collected=collected) for part in COMMANDS[name]]
    if name == "static-releases":
        given = [f"--store-option={n}={value}" for n, value in plain.items()]
        command[1:1] = ["--store", place.url, *given]
    environment = {"PATH": os.environ["PATH"], "RELEASE_VERSION": "v1"}
    with between.hold(matching=is_asset) as held:
        process = subprocess.Popen(
            command, cwd=project.directory, env=environment, stderr=subprocess.PIPE
        )
        held.wait_for(1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors.decode()
    assert (
        errors.decode()
        .splitlines()[-1]
        .endswith("Stopped. Running it again is safe and goes on from there.")
    )
    assert inventory.history(open_store(place), "v1").state == "publishing"
    again = subprocess.run(
        command, cwd=project.directory, env=environment, capture_output=True, check=False
    )
    assert again.returncode == 0, again.stderr.decode()
    assert inventory.history(open_store(place), "v1").state == "published"

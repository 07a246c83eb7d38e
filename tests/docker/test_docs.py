"""The commands of `docs/docker.md`, run as they stand there."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests import sites
from tests.docker.engine import NETWORK
from tests.docker.images import EXAMPLE
from tests.servers.azurite import ACCOUNT

if TYPE_CHECKING:
    from tests.docker.images import Images
    from tests.docker.stores import AzureStore

BLOCKS = sites.snippets("docker.md", "console")


def commands(block: str) -> list[str]:
    """Return the commands of a block, each in one line."""
    joined = re.sub(r"\\\n\s*", "", block)
    return [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("block", BLOCKS, ids=["while it is built", "later"])
def test_the_commands_publish_and_find_the_release(
    images: Images, store: AzureStore, block: str
) -> None:
    """What is replaced is what a reader replaces: the store, and where the engine is special."""
    endpoint = f"AZURE_STORAGE_ENDPOINT={store.environment['AZURE_STORAGE_ENDPOINT']}"
    network = " ".join(NETWORK)
    options = " ".join(images.options)
    here = {
        "lantern:v1.2.3": images.new_tag(),
        "az://static": store.place.url,
        "https://static.lantern.example/": f"{store.place.public_url}/",
        "ACCOUNT_NAME=lantern": f"ACCOUNT_NAME={ACCOUNT}",
        "docker build ": f"docker build {network} {options} --build-arg {endpoint} ",
        "docker run ": f"docker run {network} --env {endpoint} ",
    }
    printed = ""
    for command in commands(block):
        if command.startswith("docker push"):
            continue
        for there, value in here.items():
            command = command.replace(there, value)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=EXAMPLE,
            env={**images.engine.environment, **store.secrets},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}:\n{done.stderr}"
        printed += done.stdout + done.stderr
    assert "Published v1.2.3: " in printed
    assert "as published" in printed or "v1.2.3 is published" in printed

"""`example/compose.yaml` and `example/docker-bake.hcl`, as Docker's own tools take them."""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING

import pytest
from demo.browser import browse, get
from demo.inspection import RELEASE_IN_FOOTER

from tests.docker import composing
from tests.docker.images import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.engine import Engine
    from tests.docker.images import Images

OLD, NEW = "v1.0.0", "v1.1.0"
PAGES = ("/", "/pieces/", "/workshop/")


@pytest.fixture(scope="module", autouse=True)
def compose(engine: Engine) -> None:
    """Skip where the engine's command has no `compose`, or fail where REQUIRE_DOCKER=1."""
    if engine.docker("compose", "version").status == 0:
        return
    reason = "the docker of this machine has no compose"
    if os.environ.get("REQUIRE_DOCKER") == "1":
        pytest.fail(f"REQUIRE_DOCKER=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def version_at(url: str) -> str:
    """Return the version that a page names, once the site answers."""
    deadline = time.monotonic() + 60
    while (page := get(url)).status != 200:
        assert time.monotonic() < deadline, f"{url}: status {page.status}"
        time.sleep(0.2)
    found = RELEASE_IN_FOOTER.search(page.body.decode())
    assert found is not None
    return found[1]


def test_two_versions_are_served_at_once_each_with_its_own_files_and_rolled_back(
    images: Images, tmp_path: Path
) -> None:
    with composing.up(images, tmp_path) as composed:
        assert version_at(f"{composed.url(8001)}/") == OLD
        assert version_at(f"{composed.url(8002)}/") == NEW
        for port, version in ((8001, OLD), (8002, NEW)):
            pages, assets = browse(composed.url(port), PAGES)
            assert [page.status for page in pages] == [200] * len(PAGES)
            assert len(assets) > 20
            assert {asset.status for asset in assets} == {200}
            assert all(f"/static/{version}/" in asset.url for asset in assets)
        assert {version_at(f"{composed.url(8000)}/") for _ in range(20)} == {OLD, NEW}
        verified = composed.status_at_the_end("verify")
        assert verified == 0, composed.compose("logs", "--no-color", "verify").out

        rollback = ("up", "--detach", "--no-deps", "site-new")
        assert composed.compose(*rollback, environment={"NEW_VERSION": OLD}).status == 0
        assert composed.compose("exec", "-T", "cdn", "nginx", "-s", "reload").status == 0
        assert version_at(f"{composed.url(8002)}/") == OLD


def test_the_compose_file_is_one_that_compose_takes(engine: Engine) -> None:
    said = engine.said("compose", "--file", str(composing.FILE), "config", "--format", "json")
    assert list(json.loads(said)["services"]) == sorted(composing.services())


def test_each_target_of_the_bake_file_gives_what_its_dockerfile_declares(engine: Engine) -> None:
    given = {"RELEASE_VERSION": "v1.2.3", "STATIC_STORE": "az://static", "IMAGE": "lantern"}
    file = ("--file", str(EXAMPLE / "docker-bake.hcl"))
    said = engine.said(
        *("buildx", "bake", *file, "--print", "site", "release", "publish-later"),
        environment=given,
    )
    targets = json.loads(said)["target"]
    assert targets["release"]["tags"] == ["lantern:v1.2.3"]
    assert targets["release"]["platforms"] == ["linux/amd64", "linux/arm64"]
    for target in targets.values():
        text = (EXAMPLE / target.get("dockerfile", "Dockerfile")).read_text()
        declared = set(re.findall(r"^ARG (\w+)", text, re.MULTILINE))
        assert set(target.get("args", {})) <= declared
        secrets = re.findall(r"id=(\w+),env=(\w+)", " ".join(target.get("secret", [])))
        assert all(name == variable and f"id={name}" in text for name, variable in secrets)

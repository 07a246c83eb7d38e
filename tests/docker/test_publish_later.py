"""`example/Dockerfile.publish-later`: built without a secret, published from the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docker import leaks
from tests.docker.images import EXAMPLE, altered, example_copy
from tests.docker.pages import look_at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.images import Build, Images
    from tests.docker.stores import AzureStore
    from tests.servers.azurite import Azurite

DOCKERFILE = EXAMPLE / "Dockerfile.publish-later"


@pytest.fixture
def built(images: Images, store: AzureStore) -> Build:
    """The image, built with the store's coordinates and no secret."""
    build = images.build(dockerfile=DOCKERFILE, arguments=store.arguments("v1.2.3"))
    assert build.status == 0, build.log
    assert store.objects() == set()
    return build


def test_the_image_publishes_what_it_holds_and_then_runs(
    images: Images, store: AzureStore, built: Build
) -> None:
    told = images.manage(built.image, "ready")
    assert told.status == 1
    assert "v1.2.3 is not published" in told.err
    done = images.manage(built.image, "publish", environment=store.environment)
    assert "Published v1.2.3: " in done.out, done.err
    again = images.manage(built.image, "publish", environment=store.environment)
    assert "Already published v1.2.3" in again.out, again.err
    stored = [(key, leaks.opened(store.open().read(key))) for key in store.objects()]
    said = [("said", (done.out + done.err + again.out + again.err).encode())]
    assert leaks.find(store.key.encode(), stored + said) == set()
    assert images.manage(built.image, "ready").status == 0
    with images.site(built.image) as site:
        site.wait_until_healthy()
        page = look_at(site.url)
    assert page.failed == []
    assert f"{store.place.public_url}/v1.2.3/site/css/site.css" in page.loaded


def test_publishing_without_the_key_fails_and_says_so(
    images: Images, store: AzureStore, built: Build
) -> None:
    endpoint = {"AZURE_STORAGE_ENDPOINT": store.environment["AZURE_STORAGE_ENDPOINT"]}
    done = images.manage(
        built.image,
        "publish",
        environment={**endpoint, "AZURE_STORAGE_ACCOUNT_KEY": "bm90IHRoZSBrZXk="},
    )
    assert done.status == 1
    assert "denied access" in done.err
    assert store.objects() == set()


def test_the_collected_files_are_a_layer_of_their_own(images: Images, built: Build) -> None:
    layers = images.engine.said("history", "--format", "{{.CreatedBy}}", "--no-trunc", built.image)
    assert len([line for line in layers.splitlines() if "/app/collected" in line]) == 1


def test_collecting_has_no_network(images: Images, azurite: Azurite, tmp_path: Path) -> None:
    [port] = [azurite.port]
    asks = f"python -c \"import socket; socket.create_connection(('127.0.0.1', {port}))\""
    head = "RUN --network=none python manage.py collectstatic"
    asking = head.replace("python manage.py", f"{asks} && python manage.py")
    build = images.build(
        dockerfile=altered(DOCKERFILE, tmp_path, {head: asking}), options=("--target=collect",)
    )
    assert build.status != 0
    assert "Connection refused" in build.log or "unreachable" in build.log


def test_what_is_broken_breaks_the_build(images: Images, tmp_path: Path) -> None:
    broken = {"static/site/css/broken.css": b"i { background: url(nowhere.png) }"}
    context = example_copy(tmp_path / "example", broken)
    build = images.build(context, dockerfile=DOCKERFILE.name, options=("--target=collect",))
    assert build.status != 0
    assert "site/css/broken.css:1: error" in build.step("collectstatic")
    assert "nowhere.png" in build.log

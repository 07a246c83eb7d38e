"""The key that publishes is nowhere in what a build leaves behind."""

from __future__ import annotations

import base64
import os
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.docker import leaks
from tests.docker.images import EXAMPLE, altered, example_copy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.images import Build, Images
    from tests.docker.stores import AzureStore

DOCKERFILE = EXAMPLE / "Dockerfile"
SAS = "AZURE_STORAGE_SAS_TOKEN"
SECRETS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=8).map(
    str.encode
)
# What careless steps leave of a key, and the form in which it is then found.
PLANTED = {
    'echo "$AZURE_STORAGE_ACCOUNT_KEY" > /image/key': "raw",
    'printf %s "x$AZURE_STORAGE_ACCOUNT_KEY" | base64 -w0 > /image/key': "base64 at 1",
    "python -c 'import os; print(os.environ[\"AZURE_STORAGE_ACCOUNT_KEY\"].encode().hex().upper())'"
    " > /image/key": "hex",
    "python -c 'import os, urllib.parse as u; "
    'print("sig=" + u.quote(os.environ["AZURE_STORAGE_ACCOUNT_KEY"], safe=""))\' > /image/key': (
        "URL-quoted"
    ),
    'echo "$AZURE_STORAGE_ACCOUNT_KEY" | gzip > /image/key.gz': "raw",
    'mkdir "/image/$(printf %s "$AZURE_STORAGE_ACCOUNT_KEY" | base64 -w0 | cut -c1-120)"': (
        "base64 at 0"
    ),
}


# What lies about in projects, and what a build is told to take from beside the Dockerfile.
LYING_ABOUT = (
    "pip.conf",
    ".netrc",
    ".pypirc",
    ".npmrc",
    ".env",
    ".env.production",
    "production.env",
    "server.key",
    "server.pem",
)


def saved(images: Images, build: Build, folder: Path) -> bytes:
    """Return what `docker save` writes for the image, with its history after it."""
    images.engine.said("save", "--output", str(folder / "image.tar"), build.image)
    return (folder / "image.tar").read_bytes()


def history(images: Images, build: Build) -> bytes:
    told = images.engine.said("history", "--no-trunc", "--format", "json", build.image)
    return told.encode() + images.engine.said("inspect", build.image).encode()


def test_the_key_is_nowhere(images: Images, store: AzureStore, tmp_path: Path) -> None:
    """Every layer, configuration and manifest; the history; the log; every object in the store."""
    named = re.findall(r"type=secret,id=([A-Z_]+)", DOCKERFILE.read_text())
    other = secrets.token_urlsafe(48)
    others = dict.fromkeys(set(named) - {*store.secrets, SAS}, other)
    assert len(others) == 5
    build = images.build(arguments=store.arguments("v1.2.3"), secrets={**store.secrets, **others})
    assert build.status == 0, build.log
    image = dict(leaks.of_image(saved(images, build, tmp_path)))
    assert sum(body.startswith(b"{") for body in image.values()) >= 1
    assert any(b"static-release/release.json" in body for body in image.values())
    stored = {key: leaks.opened(store.open().read(key)) for key in store.objects()}
    assert len([key for key in stored if key.startswith("v1.2.3/")]) > 400
    assert {key for key in stored if not key.startswith("v1.2.3/")} == {
        "_releases/v1.2.3/claim-1.json.gz",
        "_releases/v1.2.3/seal-1.json",
    }
    left = {**image, **stored, "history": history(images, build), "log": build.log.encode()}
    for secret in (store.key, images.pip_secret, other):
        assert leaks.find(secret.encode(), left.items()) == set()


def test_what_lies_beside_the_dockerfile_with_a_secret_in_it_is_in_no_image(
    images: Images, tmp_path: Path
) -> None:
    secret = secrets.token_urlsafe(48)
    folders = ("", "lantern/", "shop/static/shop/")
    planted = {f"{folder}{name}": secret.encode() for folder in folders for name in LYING_ABOUT}
    context = example_copy(tmp_path / "example", planted)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . .\n")
    build = images.build(context, dockerfile=tmp_path / "Dockerfile")
    assert build.status == 0, build.log
    image = dict(leaks.of_image(saved(images, build, tmp_path)))
    assert any(b"lantern/settings.py" in body for body in image.values())
    assert leaks.find(secret.encode(), image.items()) == set()


@pytest.mark.parametrize("careless", PLANTED)
def test_a_planted_leak_is_found(
    images: Images, store: AzureStore, tmp_path: Path, careless: str
) -> None:
    """The test above is worth something."""
    head = "    mkdir /image; \\\n"
    dockerfile = altered(DOCKERFILE, tmp_path, {head: f"{head}    {careless}; \\\n"})
    # With nothing beneath it, what is saved is the careless layer and little else.
    with dockerfile.open("a") as file:
        file.write("FROM scratch AS careless\nCOPY --from=publish /image/ ./\n")
    build = images.build(
        dockerfile=dockerfile,
        arguments=store.arguments("v1.2.3"),
        secrets=store.secrets,
        options=("--target=careless",),
    )
    assert build.status == 0, build.log
    found = leaks.find(store.key.encode(), leaks.of_image(saved(images, build, tmp_path)))
    assert leaks.kinds(found) == {PLANTED[careless]}


def test_a_key_in_a_build_argument_is_found_in_the_configuration(
    images: Images, store: AzureStore, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nARG KEY\nLABEL key=$KEY\nCOPY . .\n")
    build = images.build(tmp_path, arguments={"KEY": store.key})
    assert build.status == 0, build.log
    found = leaks.find(store.key.encode(), leaks.of_image(saved(images, build, tmp_path)))
    assert any(place.endswith(": raw") for place in found)
    assert leaks.find(store.key.encode(), [("history", history(images, build))])


def test_a_key_that_a_step_prints_is_found_in_the_log(
    images: Images, store: AzureStore, tmp_path: Path
) -> None:
    head = "    mkdir /image; \\\n"
    printing = f'{head}    echo "$AZURE_STORAGE_ACCOUNT_KEY"; \\\n'
    build = images.build(
        dockerfile=altered(DOCKERFILE, tmp_path, {head: printing}),
        arguments=store.arguments("v1.2.3"),
        secrets=store.secrets,
        options=("--target=publish",),
    )
    assert leaks.find(store.key.encode(), [("log", build.log.encode())]) == {"log: raw"}


@given(SECRETS, st.binary(), st.binary())
@example(base64.b64encode(os.urandom(64)), b"", b"")
def test_a_secret_is_found_wherever_it_stands(secret: bytes, before: bytes, after: bytes) -> None:
    body = before + secret + after
    alignment = len(before) % 3
    assert "x: raw" in leaks.find(secret, [("x", body)])
    assert "x: hex" in leaks.find(secret, [("x", body.hex().upper().encode())])
    assert f"x: base64 at {alignment}" in leaks.find(secret, [("x", base64.b64encode(body))])
    assert f"x: URL-safe base64 at {alignment}" in leaks.find(
        secret, [("x", base64.urlsafe_b64encode(body))]
    )
    quoted = quote(secret.decode(), safe="").encode()
    assert "x: URL-quoted" in leaks.find(secret, [("x", before + quoted + after)])

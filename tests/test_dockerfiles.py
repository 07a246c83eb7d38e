"""The Dockerfiles of the example, as a linter sees them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[1] / "example"
DOCS = EXAMPLE.parent / "docs"
DOCKERFILES = sorted(EXAMPLE.glob("Dockerfile*"))


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda file: file.name)
def test_hadolint_finds_nothing(dockerfile: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "--no-color", str(dockerfile)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_hadolint_finds_what_there_is(tmp_path: Path) -> None:
    """The test above is worth something."""
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp && echo $PATH\n")
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, str(tmp_path / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "DL3006" in done.stdout


def test_what_the_page_shows_of_a_dockerfile_stands_in_it() -> None:
    shown = re.findall(r"^```dockerfile\n(.*?)^```$", docs(), re.DOTALL | re.MULTILINE)
    assert shown
    texts = [dockerfile.read_text() for dockerfile in DOCKERFILES]
    assert all(any(block in text for text in texts) for block in shown)


def test_the_page_names_each_secret_and_each_argument_of_a_store() -> None:
    text = (EXAMPLE / "Dockerfile").read_text()
    secrets = set(re.findall(r"type=secret,id=(\w+)", text))
    arguments = set(re.findall(r"^ARG (\w+)$", text, re.MULTILINE))
    only_for_emulators = {"AZURE_STORAGE_ENDPOINT", "AWS_ENDPOINT_URL", "GOOGLE_BASE_URL"}
    named = set(re.findall(r"\b[a-zA-Z_]+\b", docs()))
    assert len(secrets) == 8
    assert (secrets | arguments) - only_for_emulators <= named


def docs() -> str:
    return (DOCS / "docker.md").read_text()

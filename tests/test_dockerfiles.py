"""The Dockerfiles of the example, as a linter sees them."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[1] / "example"
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

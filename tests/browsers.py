"""Debian's Chromium, headless, driven by playwright."""

from __future__ import annotations

import os
import shutil

import pytest

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def find_chromium() -> str:
    """Return the path of the system's chromium; without one skip, or fail if it is required."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    return found or without("no chromium on the PATH: apt-get install chromium")


def without(reason: str) -> str:
    """Skip the test with this reason, or fail it where REQUIRE_STORES=1."""
    if os.environ.get("REQUIRE_STORES") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)

"""What the record says of a tree that is collected again."""

from dataclasses import replace
from pathlib import Path

import pytest

from static_releases.core import collecting, record
from static_releases.core.collecting import Collected
from static_releases.core.record import Record

STORE = "az://static"
URL = "https://acme.blob.core.windows.net/static/"
CARRY = ("robots.txt",)


def collect(directory: Path, **files: bytes) -> Collected:
    for name, body in files.items():
        file = directory / name.replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    return collecting.read(collecting.walk(directory))


@pytest.fixture
def collected(tmp_path: Path) -> Collected:
    return collect(tmp_path / "tree", app_js=b"1", robots_txt=b"Disallow:")


@pytest.fixture
def kept(tmp_path: Path, collected: Collected) -> Record:
    record.write(
        tmp_path / "record",
        collected,
        version="v1",
        store=STORE,
        store_url=URL,
        claim_number=1,
        claim_id="c",
        carry=CARRY,
    )
    return record.read(tmp_path / "record")


def why(kept: Record, collected: Collected, **changes: str) -> str | None:
    expected = {"version": "v1", "store": STORE, "store_url": URL, **changes}
    return record.mismatch(kept, collected, carry=CARRY, **expected)


def test_the_same_tree_version_and_store_are_what_the_record_says(
    kept: Record, collected: Collected
) -> None:
    assert why(kept, collected) is None


def test_an_account_that_is_not_known_here_is_no_other_account(
    kept: Record, collected: Collected
) -> None:
    assert why(kept, collected, store_url="") is None
    assert why(replace(kept, store_url=""), collected) is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"version": "v2"}, "it is of v1, not of v2"),
        ({"store": "az://other"}, "az://static, not of az://other"),
        ({"store_url": "https://staging.blob.core.windows.net/static/"}, "not at https://staging"),
    ],
)
def test_another_version_or_store_is_named(
    change: dict[str, str], named: str, kept: Record, collected: Collected
) -> None:
    assert named in (why(kept, collected, **change) or "")


def test_other_files_are_named(kept: Record, tmp_path: Path) -> None:
    other = collect(tmp_path / "tree", app_js=b"2", new_css=b"i {}")
    assert why(kept, other) == "it is of other files: app.js, new.css"


def test_another_choice_of_what_the_image_carries_is_told(
    kept: Record, collected: Collected
) -> None:
    found = record.mismatch(
        kept, collected, version="v1", store=STORE, store_url=URL, carry=("*.js",)
    )
    assert found == "`carry` has changed since"


def test_no_record_is_none(tmp_path: Path) -> None:
    assert record.find(tmp_path / "nowhere") is None
    assert record.find(None) is None

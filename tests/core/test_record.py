"""The record that a publication leaves for the image."""

from pathlib import Path

import pytest

from static_releases.core import collecting, record
from static_releases.core.errors import InvalidDocument, RecordUnwritable


def leave(directory: Path, tree: Path, version: str = "v1", carry: str = "*.json") -> record.Record:
    return record.write(
        directory,
        collecting.read(collecting.walk(tree)),
        version=version,
        store="az://c",
        claim_number=1,
        claim_id="c1",
        carry=[carry],
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree/deep").mkdir(parents=True)
    (tmp_path / "tree/app.js").write_text("1")
    (tmp_path / "tree/deep/manifest.json").write_text("{}")
    return tmp_path / "tree"


def test_it_reads_back_and_carries_what_was_named(tmp_path: Path, tree: Path) -> None:
    left = leave(tmp_path / "rec", tree)
    assert record.read(tmp_path / "rec") == left
    assert left.carried == ("deep/manifest.json",)
    assert (tmp_path / "rec/files/deep/manifest.json").read_text() == "{}"
    assert left.integrity["app.js"].startswith("sha384-")


def test_the_next_record_removes_what_the_last_one_carried_and_nothing_else(
    tmp_path: Path, tree: Path
) -> None:
    leave(tmp_path / "rec", tree)
    (tmp_path / "rec/files/own.txt").write_text("the user's")
    leave(tmp_path / "rec", tree, version="v2", carry="*.js")
    found = {p.relative_to(tmp_path / "rec").as_posix() for p in (tmp_path / "rec").rglob("*.*")}
    assert found == {"release.json", "files/app.js", "files/own.txt"}


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"format": 7}', '{"format": 1, "other": 2}'])
def test_a_broken_record_is_named(tmp_path: Path, body: str) -> None:
    (tmp_path / "release.json").write_text(body)
    with pytest.raises(InvalidDocument, match=r"release\.json"):
        record.read(tmp_path)


def test_a_missing_record_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="no record"):
        record.read(tmp_path)


def test_a_record_that_names_a_path_outside_deletes_nothing(tmp_path: Path, tree: Path) -> None:
    leave(tmp_path / "rec", tree)
    victim = tmp_path / "victim.txt"
    victim.write_text("keep me")
    release = tmp_path / "rec/release.json"
    release.write_text(release.read_text().replace("deep/manifest.json", "../../victim.txt"))
    with pytest.raises(InvalidDocument):
        record.read(tmp_path / "rec")
    leave(tmp_path / "rec", tree, version="v2")
    assert victim.read_text() == "keep me"


@pytest.mark.parametrize("body", ["", '{"format": 7}'])
def test_a_broken_record_is_replaced_by_the_next(tmp_path: Path, tree: Path, body: str) -> None:
    leave(tmp_path / "rec", tree)
    (tmp_path / "rec/release.json").write_text(body)
    left = leave(tmp_path / "rec", tree, version="v2")
    assert record.read(tmp_path / "rec") == left


def test_a_record_that_says_it_all_already_is_not_touched(tmp_path: Path, tree: Path) -> None:
    def inodes() -> dict[str, int]:
        return {str(p): p.stat().st_ino for p in (tmp_path / "rec").rglob("*.*")}

    leave(tmp_path / "rec", tree)
    before = inodes()
    leave(tmp_path / "rec", tree)
    assert inodes() == before
    (tmp_path / "rec/files/deep/manifest.json").write_text("damaged")
    leave(tmp_path / "rec", tree)
    assert (tmp_path / "rec/files/deep/manifest.json").read_text() == "{}"


def test_a_record_that_cannot_be_written_is_told_apart_from_the_publication(
    tmp_path: Path, tree: Path
) -> None:
    (tmp_path / "rec").write_text("a file where the folder should be")
    with pytest.raises(RecordUnwritable, match=r"v1 is published, .*can't be written"):
        leave(tmp_path / "rec", tree)


def test_a_carried_file_that_changed_after_the_seal_leaves_no_record_of_it(
    tmp_path: Path, tree: Path
) -> None:
    collected = collecting.read(collecting.walk(tree))
    (tree / "deep/manifest.json").write_text("changed")
    with pytest.raises(RecordUnwritable, match=r"v1 is published, .*manifest\.json changed"):
        record.write(
            tmp_path / "rec",
            collected,
            version="v1",
            store="az://c",
            claim_number=1,
            claim_id="c1",
            carry=["*.json"],
        )
    assert record.find(tmp_path / "rec") is None

"""A directory into assets, and every file that can't become one."""

import base64
import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from static_releases.core import collecting
from static_releases.core.errors import (
    AssetChanged,
    AssetTooLarge,
    InvalidPath,
    NothingCollected,
    UnreadableAsset,
)

NOBODY = 65534


def test_files_become_assets_with_size_digest_and_integrity(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css/a.css").write_bytes(b"body{}")
    collected = collecting.read(collecting.walk(tmp_path))
    asset = collected.manifest.by_path["css/a.css"]
    assert asset.size_bytes == 6
    assert asset.digest == hashlib.sha256(b"body{}").hexdigest()
    sri = base64.b64encode(hashlib.sha384(b"body{}").digest()).decode()
    assert asset.integrity == f"sha384-{sri}"


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.js").write_text("1")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/linked").symlink_to(tmp_path / "real")
    (tmp_path / "tree/b.js").symlink_to(tmp_path / "real/a.js")
    assert sorted(collecting.walk(tmp_path / "tree")) == ["b.js", "linked/a.js"]


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingCollected):
        collecting.read(collecting.walk(tmp_path))


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingCollected, match="not a directory"):
        collecting.walk(tmp_path / "none")


def test_a_dangling_link_is_named_with_its_target(tmp_path: Path) -> None:
    (tmp_path / "a.js").symlink_to(tmp_path / "gone.js")
    with pytest.raises(UnreadableAsset, match=r"a\.js.*gone\.js"):
        collecting.read(collecting.walk(tmp_path))


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.js").symlink_to(tmp_path / "loop.js")
    with pytest.raises(UnreadableAsset, match=r"loop\.js"):
        collecting.read(collecting.walk(tmp_path))


def test_a_link_to_a_folder_above_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/up").symlink_to(tmp_path / "a")
    with pytest.raises(UnreadableAsset, match="without end"):
        collecting.walk(tmp_path)


def test_a_socket_or_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.js")
    with pytest.raises(UnreadableAsset, match="not a regular file"):
        collecting.read(collecting.walk(tmp_path))
    (tmp_path / "pipe.js").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.js"))
        with pytest.raises(UnreadableAsset, match="not a regular file"):
            collecting.read(collecting.walk(tmp_path))


@contextmanager
def not_as_root() -> Iterator[None]:
    """Be nobody for a while: root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_file_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        file = Path(folder) / "a.js"
        file.write_text("1")
        file.chmod(0)
        with not_as_root(), pytest.raises(UnreadableAsset, match=r"a\.js.*Permission denied"):
            collecting.read(collecting.walk(Path(folder)))


def test_an_asset_over_the_limit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(b"x" * 1001)
    with pytest.raises(AssetTooLarge, match=r"1,001 bytes.*1,000"):
        collecting.read(collecting.walk(tmp_path), max_asset_bytes=1000)


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.js")).write_text("1")
    with pytest.raises(InvalidPath, match="UTF-8"):
        collecting.read(collecting.walk(tmp_path))


def test_a_file_that_changed_since_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.js"
    file.write_text("1")
    collected = collecting.read(collecting.walk(tmp_path))
    asset = collected.manifest.by_path["a.js"]
    file.write_text("2")
    with pytest.raises(AssetChanged):
        collecting.read_asset(asset, file)
    file.unlink()
    with pytest.raises(AssetChanged):
        collecting.read_asset(asset, file)


def test_excluded_files_are_left_out_by_path_or_name(tmp_path: Path) -> None:
    for name in ("a.js", "a.js.map", "private/key.txt", "keep/key.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    kept = collecting.without(collecting.walk(tmp_path), ["*.map", "private/*"])
    assert sorted(kept) == ["a.js", "keep/key.txt"]


def test_a_hashed_copy_goes_the_way_of_its_file_also_without_djangos_map() -> None:
    names = ["a.css", "b/key.css", "b/key.b05dff2bb378.css", "b/key.min.css", "KEY", "KEY.b05dff2b"]
    files = {name: Path(name) for name in names}
    assert list(collecting.without(files, ["key.css", "KEY"])) == ["a.css", "b/key.min.css"]

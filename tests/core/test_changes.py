"""What changed between two releases, and what one consists of."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from static_releases.core import changes, contents
from static_releases.core.headers import Headers, for_path
from static_releases.core.model import Asset, Manifest, manifest_of


def asset(path: str, body: bytes, headers: Headers | None = None) -> Asset:
    return Asset(
        path=path,
        size_bytes=len(body),
        digest=hashlib.sha256(body).hexdigest(),
        integrity="",
        headers=headers or for_path(path),
    )


def manifest(files: dict[str, bytes]) -> Manifest:
    return manifest_of([asset(path, body) for path, body in files.items()])


OLD = {"a.js": b"1", "b.js": b"22", "c.css": b"333", "d.svg": b"4444"}
NEW = {"a.js": b"1", "b.js": b"2-", "e.js": b"55555", "moved.svg": b"4444"}


def test_each_difference_is_named_once() -> None:
    found = changes.between(manifest(OLD), manifest(NEW))
    assert [a.path for a in found.added] == ["e.js", "moved.svg"]
    assert [a.path for a in found.removed] == ["c.css", "d.svg"]
    assert [(c.path, c.what) for c in found.changed] == [("b.js", "bytes")]
    assert found.unchanged_files == 1


def test_a_visitor_downloads_all_and_only_unknown_bytes_are_new() -> None:
    found = changes.between(manifest(OLD), manifest(NEW))
    assert found.visitor_bytes == 1 + 2 + 5 + 4
    assert found.new_bytes == 2 + 5  # the moved file's bytes are known


def test_other_headers_alone_are_a_change_without_new_bytes() -> None:
    new = manifest_of([asset("a.js", b"1", Headers(content_type="text/plain"))])
    found = changes.between(manifest({"a.js": b"1"}), new)
    assert [(c.path, c.what) for c in found.changed] == [("a.js", "headers")]
    assert found.new_bytes == 0
    assert not found.is_empty


TREES = st.dictionaries(st.sampled_from("abcdefgh"), st.binary(max_size=3), max_size=8)


@given(TREES, TREES)
def test_the_changes_make_the_new_release_from_the_old(
    old: dict[str, bytes], new: dict[str, bytes]
) -> None:
    found = changes.between(manifest(old), manifest(new))
    made = dict(manifest(old).by_path)
    for gone in found.removed:
        del made[gone.path]
    made |= {added.path: added for added in found.added}
    made |= {each.path: each.new for each in found.changed}
    assert made == manifest(new).by_path
    assert found.is_empty == (old == new)
    assert found.new_bytes <= found.visitor_bytes


def test_the_largest_come_first_and_ties_go_by_path() -> None:
    tree = manifest({"b": b"12", "a": b"12", "c": b"123", "d": b""})
    assert [a.path for a in contents.largest(tree, 3)] == ["c", "a", "b"]


def test_types_are_counted_without_their_parameters() -> None:
    tree = manifest({"a.js": b"1", "b.mjs": b"2", "c.woff2": b"333", "d": b""})
    assert [(t.content_type, t.files, t.size_bytes) for t in contents.types(tree)] == [
        ("font/woff2", 1, 3),
        ("text/javascript", 2, 2),
        ("application/octet-stream", 1, 0),
    ]

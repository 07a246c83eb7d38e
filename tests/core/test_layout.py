"""What a version and a path may be, and that every key stays where it belongs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from static_releases.core import layout
from static_releases.core.errors import InvalidPath, InvalidVersion


@pytest.mark.parametrize(
    "version", ["v1.2.3", "2026.11.2", "a", "0", "1f3a9c0", "pr-12", "a" * 128, "1_", "v1.0-rc.1"]
)
def test_a_docker_tag_is_a_version(version: str) -> None:
    assert layout.check_version(version) == version


@pytest.mark.parametrize(
    ("version", "fault"),
    [
        ("", "it is empty"),
        ("v1/2", "it holds '/'"),
        ("..", "it begins with '.'"),
        (".v1", "it begins with '.'"),
        ("_v1", "it begins with '_'"),
        ("-v1", "it begins with '-'"),
        ("v1.", "it ends with a dot"),
        ("a" * 129, "it has 129 characters"),
        ("v1\n", "it holds '\\n'"),
        ("v 1", "it holds ' '"),
        ("vé", "it holds 'é'"),
    ],
)
def test_what_is_no_version_is_refused_with_the_rule_it_breaks(version: str, fault: str) -> None:
    with pytest.raises(InvalidVersion) as caught:
        layout.check_version(version)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    "path",
    ["", "/", "/a", "a/", "a//b", "./a", "a/../b", "..", "a\\b", "a\x00b", "a\nb", "a\udcff"],
)
def test_a_path_that_a_store_or_browser_would_change_is_refused(path: str) -> None:
    with pytest.raises(InvalidPath):
        layout.check_path(path)


def test_a_key_over_the_stores_limit_is_refused() -> None:
    with pytest.raises(InvalidPath, match="1024"):
        layout.asset_key("v1", "/".join(["x" * 200] * 6))


versions = st.from_regex(layout.VERSION, fullmatch=True)


@given(versions, st.text(max_size=80))
def test_a_key_never_leaves_its_release(version: str, path: str) -> None:
    try:
        key = layout.asset_key(version, path)
    except InvalidPath:
        return
    segments = key.split("/")
    assert segments[0] == version
    assert "/".join(segments[1:]) == path
    assert not {"", ".", ".."} & set(segments)
    assert layout.parse_document_key(key) is None


def test_a_path_where_a_store_keeps_its_documents_is_refused() -> None:
    for path in ("_releases/v1/claim-1.json.gz", "_pins/production/000001.json"):
        with pytest.raises(InvalidPath, match="rename it"):
            layout.asset_key("v1", path)
    assert layout.asset_key("v1", "app/_releases/a.js") == "v1/app/_releases/a.js"


@given(
    versions,
    st.sampled_from(["claim", "seal", "cleared", "retired", "verdict"]),
    st.integers(1, 10**6),
)
def test_a_document_key_reads_back(version: str, document: layout.Document, number: int) -> None:
    key = layout.document_key(version, document, number)
    expected = layout.DocumentKey(version=version, document=document, number=number)
    assert layout.parse_document_key(key) == expected


@pytest.mark.parametrize(
    "key",
    ["_releases/v1/claim-1.json", "_releases/v1/seal-1.json.gz", "_releases/v1/seal-01.json",
     "_releases/v1/other-1.json", "_releases/_x/seal-1.json", "v1/seal-1.json"],
)  # fmt: skip
def test_what_is_no_document_is_not_read_as_one(key: str) -> None:
    assert layout.parse_document_key(key) is None


def test_names_that_move_are_recognised() -> None:
    assert layout.looks_mutable("latest")
    assert layout.looks_mutable("Staging")
    assert not layout.looks_mutable("v1.2.3")

"""Manifests: their digest, their order, and what differs between two."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from static_releases.core import model
from static_releases.core.errors import InvalidDocument
from static_releases.core.headers import Headers
from static_releases.core.model import Asset, Manifest, manifest_of

assets = st.builds(
    Asset,
    path=st.text(min_size=1, max_size=20),
    size_bytes=st.integers(0, 2**40),
    digest=st.text("0123456789abcdef", min_size=64, max_size=64),
    integrity=st.text(max_size=10),
    headers=st.builds(
        Headers,
        content_type=st.text(max_size=10),
        cache_control=st.text(max_size=10),
        content_encoding=st.none() | st.just("gzip"),
    ),
)
manifests = st.lists(assets, max_size=6, unique_by=lambda a: a.path).map(manifest_of)


@given(manifests)
def test_a_manifest_reads_back_from_json(manifest: Manifest) -> None:
    text = json.dumps(model.manifest_to_json(manifest))
    read = model.manifest_from_json(json.loads(text))
    assert read == manifest
    assert read.tree_digest == manifest.tree_digest


@given(manifests, st.randoms())
def test_the_order_in_which_files_are_found_does_not_matter(
    manifest: Manifest, random: st.DataObject
) -> None:
    shuffled = list(manifest.assets)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert manifest_of(shuffled).tree_digest == manifest.tree_digest


@given(manifests, manifests)
def test_digests_are_equal_only_for_equal_trees(one: Manifest, other: Manifest) -> None:
    def identity(m: Manifest) -> list[tuple[str, str, Headers]]:
        return [(a.path, a.digest, a.headers) for a in m.assets]

    assert (one.tree_digest == other.tree_digest) == (identity(one) == identity(other))


@given(assets)
def test_headers_are_part_of_the_tree(asset: Asset) -> None:
    changed = replace(asset, headers=replace(asset.headers, cache_control="no-store, other"))
    assert manifest_of([asset]).tree_digest != manifest_of([changed]).tree_digest
    assert manifest_of([asset]).differing_paths(manifest_of([changed])) == [asset.path]


@pytest.mark.parametrize("value", [None, [1], [{"path": "a"}], [{"path": "a", "size_bytes": "x"}]])
def test_a_broken_manifest_is_refused(value: object) -> None:
    with pytest.raises(InvalidDocument):
        model.manifest_from_json(value)

"""A sample stands for all: in number, in kinds, and it is always the same."""

from hypothesis import given
from hypothesis import strategies as st

from static_releases.core import sampling
from tests.core.test_changes import manifest

TREES = st.dictionaries(
    st.from_regex(r"[a-z]{1,3}\.(js|css|svg|woff2)", fullmatch=True), st.binary(max_size=4)
)


@given(TREES, st.integers(min_value=1, max_value=30))
def test_a_sample_has_its_number_its_order_and_every_type(
    files: dict[str, bytes], count: int
) -> None:
    tree = manifest(files)
    chosen = sampling.sample(tree, count)
    assert chosen == sampling.sample(tree, count)
    assert len(chosen) == min(count, len(files))
    assert list(chosen) == sorted(set(chosen), key=lambda asset: asset.path)
    types = {asset.headers.content_type for asset in tree.assets}
    assert len({asset.headers.content_type for asset in chosen}) == min(count, len(types))

"""Over the static files of every installed Django package the judges find what we find."""

import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from static_releases.core import references
from static_releases.core.references import Kind, javascript_tokens

reference_judges = pytest.importorskip(
    "tests.core.reference_judges", reason="pip install tinycss2 tree-sitter tree-sitter-javascript"
)
# Not fetched by any browser, see css.py; tinycss2 tells no property from another.
NOT_FETCHED = {"#default#VML"}


def static_folders() -> list[Path]:
    packages = Path(sysconfig.get_paths()["purelib"])
    return sorted(folder for folder in packages.glob("**/static") if folder.is_dir())


def files(folder: Path, language: references.Language) -> Iterator[tuple[Path, bytes]]:
    for file in sorted(folder.rglob("*")):
        if references.language(file.name) == language and file.is_file():
            yield file, references.text(file.read_bytes())


def test_the_judge_knows_every_kind_of_reference() -> None:
    script = b"""import './a.js'; export * from './b.js'; import('./c.js');
    new Worker(new URL('./d.js', import.meta.url), {}); importScripts('e.js', 'f.js');
    //# sourceMappingURL=g.map"""
    root = reference_judges.parsed(script)
    judged = {(kind, url.strip("./")[0]) for kind, url in reference_judges.in_javascript(root)}
    assert judged == {
        (Kind.JS_IMPORT, "a"),
        (Kind.JS_IMPORT, "b"),
        (Kind.JS_DYNAMIC_IMPORT, "c"),
        (Kind.JS_URL, "d"),
        (Kind.JS_IMPORT_SCRIPTS, "e"),
        (Kind.JS_IMPORT_SCRIPTS, "f"),
        (Kind.SOURCE_MAP, "g"),
    }


@pytest.mark.parametrize("folder", static_folders(), ids=lambda folder: folder.parent.name)
def test_style_sheets_refer_to_what_tinycss2_says(folder: Path) -> None:
    for file, data in files(folder, "css"):
        found = references.find(data, "css")
        urls = sorted(found.url for found in found if found.kind is not Kind.SOURCE_MAP)
        judged = [url for url in reference_judges.in_css(data) if url not in NOT_FETCHED]
        assert urls == judged, file


@pytest.mark.parametrize("folder", static_folders(), ids=lambda folder: folder.parent.name)
def test_scripts_refer_to_what_tree_sitter_says(folder: Path) -> None:
    for file, data in files(folder, "javascript"):
        if root := reference_judges.parsed(data):
            found = references.find(data, "javascript")
            judged = reference_judges.in_javascript(root)
            assert {(found.kind, found.url) for found in found} == judged, file


@pytest.mark.parametrize("folder", static_folders(), ids=lambda folder: folder.parent.name)
def test_strings_comments_and_regular_expressions_are_where_tree_sitter_says(folder: Path) -> None:
    for file, data in files(folder, "javascript"):
        if root := reference_judges.parsed(data):
            spans = {(span.start, span.end) for span in javascript_tokens.spans(data)}
            assert spans == reference_judges.hidden_in_javascript(root), file

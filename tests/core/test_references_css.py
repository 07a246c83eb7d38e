"""What a style sheet refers to."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from static_releases.core import references
from static_releases.core.references import Kind, Reference


def found(text: str | bytes) -> list[Reference]:
    return references.find(text if isinstance(text, bytes) else text.encode(), "css")


def urls(text: str | bytes) -> list[str]:
    return [reference.url for reference in found(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a{background:url(a.png)}", ["a.png"]),
        ("a{background:url( a.png )}", ["a.png"]),
        ("a{background:URL('a.png')}", ["a.png"]),
        ('a{background:url("a b.png")}', ["a b.png"]),
        ("a{background:url(a.png),url(b.png)}", ["a.png", "b.png"]),
        ("a{--image:url(a.png)}", ["a.png"]),
        ("@font-face{src:url(a.woff2) format('woff2')}", ["a.woff2"]),
        ("@font-face{src:url(a.eot?#iefix)}", ["a.eot?#iefix"]),
        ("@import 'a.css';", ["a.css"]),
        ('@IMPORT/* why */"a.css" screen;', ["a.css"]),
        ("@import url(a.css);", ["a.css"]),
        ("@import url('a.css') layer(x);", ["a.css"]),
        ("a{background:image-set('a.png' 1x,'b.png' 2x)}", ["a.png", "b.png"]),
        ("a{background:-webkit-image-set(url(a.png) 1x)}", ["a.png"]),
        ("a{background:image-set('a.avif' type('image/avif'),url(b.png))}", ["a.avif", "b.png"]),
        ("a{background:image-set(url(a.png) 1x,'b.png' 2x)}", ["a.png", "b.png"]),
        ("@media print{a{cursor:url(a.cur),auto}}", ["a.cur"]),
        ("a{fill:url(#gradient)}", ["#gradient"]),
        ("a{background:url(data:image/gif;base64,R0lG)}", ["data:image/gif;base64,R0lG"]),
    ],
)
def test_everything_that_a_browser_fetches_is_found(text: str, expected: list[str]) -> None:
    assert sorted(urls(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "/* url(a.png) @import 'a.css'; */",
        "a{content:'url(a.png)'}",
        "a::after{content:\"@import 'a.css'\"}",
        "a[href='url(a.png)']{color:red}",
        "a{background:my-url(a.png)}",
        "a{background:url (a.png)}",
        "a{background:url(a b.png)}",
        "a{background:url(a'b.png)}",
        "a{background:var(--url)}",
        "a{background:image-setter('a.png')}",
        "a{background:my-image-set('a.png')}",
        "a{src:local('a.png') format('woff')}",
        "@imports 'a.css';",
        "@namespace svg url(http://www.w3.org/2000/svg);",
        "@-moz-document url(http://example.com/){a{color:red}}",
        "a{behavior:url(a.htc)}",
        "a{color:red;*behavior:url(a.htc)}",
        "a{-moz-binding:url(a.xml#b)}",
        "a{content:'unclosed url(a.png)",
        "/* unclosed url(a.png)",
        r"a{content:'\'url(a.png)'}",
        r"a{content:'it\
url(a.png)'}",
        "",
    ],
)
def test_what_no_browser_fetches_is_not_found(text: str) -> None:
    assert urls(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"url(a\20 b.png)", "a b.png"),
        (r"url('a\'b.png')", "a'b.png"),
        (r"url(a\(1\).png)", "a(1).png"),
        (r'url("\1F600.png")', "😀.png"),
        (r'url("a\0.png")', "a�.png"),
        ('url("a\\\nb.png")', "ab.png"),
        ("url(é.png)", "é.png"),
    ],
)
def test_escapes_are_resolved(text: str, expected: str) -> None:
    assert urls("a{background:" + text + "}") == [expected]


def test_a_bad_string_ends_with_its_line() -> None:
    assert urls("a{content:'oh\n;background:url(a.png)}") == ["a.png"]


def test_an_unclosed_url_at_the_end_is_one() -> None:
    assert urls("a{background:url(a.png") == ["a.png"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a{}\n/*# sourceMappingURL=a.css.map */", ["a.css.map"]),
        ("a{}/*@ sourceMappingURL=a.css.map*/\n/* end */\n", ["a.css.map"]),
        ("/*# sourceMappingURL=a.css.map */a{}", []),
        ("/* # sourceMappingURL=a.css.map */", []),
        ("a{content:'/*# sourceMappingURL=a.css.map */'}", []),
        ("a{}\n//# sourceMappingURL=a.css.map", []),
    ],
)
def test_only_the_last_comment_names_a_source_map(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


def test_a_reference_tells_where_its_token_begins() -> None:
    text = "/* 1 */\na { background: url(a.png) }"
    (reference,) = found(text)
    assert reference.kind is Kind.CSS_URL
    assert text[reference.offset : reference.end] == "url(a.png)"


def test_utf_16_and_marks_are_read() -> None:
    text = "a{background:url(é.png)}"
    for encoding in ("utf-8-sig", "utf-16"):
        assert urls(references.text(text.encode(encoding))) == ["é.png"]


# A backslash before a letter would make a name with escapes, which is not looked for.
PIECES = st.sampled_from(
    [
        "url(",
        "URL(",
        ")",
        "(",
        "'",
        '"',
        "/*",
        "*/",
        "\\(",
        "\\'",
        "\\26 ",
        "\n",
        " ",
        "a.png",
        "@import",
        "image-set(",
        "-webkit-image-set(",
        "a",
        "-",
        ":",
        ",",
        "é",
        ";",
    ]
)


def has_no_set_in_a_set(text: str) -> bool:
    return text.count("image-set(") < 2


@given(st.lists(PIECES, max_size=30).map("".join).filter(has_no_set_in_a_set))
def test_whatever_is_written_tinycss2_finds_the_same(text: str) -> None:
    judges = pytest.importorskip("tests.core.reference_judges")
    assert sorted(urls(text)) == judges.in_css(text.encode())


def test_of_a_set_without_end_the_beginning_is_read_and_no_half_of_a_string() -> None:
    rule = f"a{{background:image-set('a.png' 1x,'{'b' * 9000}' 2x)}}"
    assert urls(rule) == ["a.png"]
    assert urls("a{background:image-set('a.png' 1x,'b") == ["a.png", "b"]


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    found(references.text(data))


@pytest.mark.parametrize(
    "piece",
    [
        "url(",
        "/*",
        "*/",
        "'",
        '"',
        "\\",
        "@import",
        "@import/*",
        "image-set(",
        "image-set('",
        "(",
        "{",
        "*",
        "/",
        "u",
        "url(a.png)",
        "/*#sourceMappingURL=",
        "image-set(/*image-set(*/",
        "image-set('a' 1x,url(",
    ],
)
def test_hostile_files_cost_no_more_than_their_length(piece: str) -> None:
    def seconds(size_bytes: int) -> float:
        data = (piece * (size_bytes // len(piece))).encode()
        began = time.process_time()
        found(data)
        return time.process_time() - began

    assert seconds(800_000) < 16 * max(seconds(100_000), 0.01)

"""What a script refers to."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from static_releases.core import references
from static_releases.core.references import Kind, Reference, javascript_tokens


def found(text: str | bytes) -> list[Reference]:
    return references.find(text if isinstance(text, bytes) else text.encode(), "javascript")


def urls(text: str | bytes) -> list[str]:
    return [reference.url for reference in found(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import './a.js'", ["./a.js"]),
        ('import"./a.js";import"./b.js"', ["./a.js", "./b.js"]),
        ("import a from './a.js'", ["./a.js"]),
        ("import a, {b as c, 'd e' as f} from '../a.js'", ["../a.js"]),
        ("import * as a from '/a.js'", ["/a.js"]),
        ("import a from './a.json' with {type: 'json'}", ["./a.json"]),
        ("import\n{a}\nfrom\n'./a.js'", ["./a.js"]),
        ("import/*1*/{a}/*'./no.js'*/from/*2*/'./a.js'", ["./a.js"]),
        ("export * from './a.js'", ["./a.js"]),
        ("export{a}from'./a.js'", ["./a.js"]),
        ("import a from 'https://example.com/a.js'", ["https://example.com/a.js"]),
        ("import('./a.js')", ["./a.js"]),
        ("import(`./a.js`)", ["./a.js"]),
        ("const a = () => import(/* webpackChunkName: 'a' */ './a.js')", ["./a.js"]),
        ("import(\n// a word\n'./a.js')", ["./a.js"]),
        ("import('./a.json', {with: {type: 'json'}})", ["./a.json"]),
        ("[...import('./a.js')]", ["./a.js"]),
        ("x = `${import('./a.js')}`", ["./a.js"]),
        ("x = `a ${`b ${import('./a.js')} c`} d`", ["./a.js"]),
        ("new URL('a.png', import.meta.url)", ["a.png"]),
        ("new URL(/* @vite-ignore */ './a.js', import.meta.url).href", ["./a.js"]),
        ("new Worker(new URL('./a.js', import.meta.url), {type: 'module'})", ["./a.js"]),
        ("new SharedWorker(new URL(`./a.js`,import . meta . url,))", ["./a.js"]),
        ("new URL(`a.svg`,``+import.meta.url).href", ["a.svg"]),
        ("new URL('a.svg', '' /* of Vite */ + import.meta.url)", ["a.svg"]),
        ("importScripts('a.js', \"b.js\", c, 'd.js')", ["a.js", "b.js"]),
        ("self.importScripts('a.js')", ["a.js"]),
    ],
)
def test_what_is_resolved_against_the_script_is_found(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "import 'react'; export * from '@scope/a'; import('lodash/fp')",
        "import '#internal'",
        "// import './a.js'",
        "/* import './a.js' */",
        "x = 'import \"./a.js\"'",
        "x = `import './a.js'`",
        "x = `\\`import './a.js'`",
        "x = /import '.\\/a.js'/",
        "x = /[/]import '.\\/a.js'/",
        "import('./' + name)",
        "import('./a.js' + '?1')",
        "import(`./${name}.js`)",
        "import(name)",
        "loader.import('./a.js')",
        "loader?.import('./a.js')",
        "this.#import('./a.js')",
        "reimport('./a.js')",
        "$import('./a.js')",
        "x = {from: './a.js'}",
        "Array.from('./a.js')",
        "new URL('a.js', location)",
        "new URL('a.js', import.meta.url + '/')",
        "new URL('a.js', '/' + import.meta.url)",
        "new URL(name, import.meta.url)",
        "new MyURL('a.js', import.meta.url)",
        "renew URL('a.js', import.meta.url)",
        "new Worker('a.js')",
        "require('./a.js')",
        "module.importScripts('a.js')",
        "importScripts(name)",
        "function importScripts() {}",
        "#!/usr/bin/env node import './a.js'",
        "x = 'unclosed import(`./a.js`)",
        "x = `unclosed import('./a.js')",
        "/* unclosed import('./a.js')",
        "",
    ],
)
def test_what_only_looks_like_a_reference_is_not_found(text: str) -> None:
    assert urls(text) == []


SLASHES = [
    ("a / b / c", 0),
    ("a++ / b / c", 0),
    ("a + + /b/", 1),
    ("a+++/b/", 1),
    ("a--/b/c", 0),
    ("(a) / b / c", 0),
    ("f(a) / b / c", 0),
    ("a[0] / b / c", 0),
    ("1 / b / c", 0),
    ("1. / b / c", 0),
    ("'a' / b / c", 0),
    ("`a` / b / c", 0),
    ("this / b / c", 0),
    ("a.return / b / c", 0),
    ("a?.typeof / b / c", 0),
    ("a /* 1 */ / b / c", 0),
    ("a // 1\n / b / c", 0),
    ("/a/ / b / /c/", 2),
    ("/a/g.test(b) / c", 1),
    ("/b/", 1),
    ("x = /b/", 1),
    ("f(/b/)", 1),
    ("[/b/, /c/]", 2),
    ("!/b/.test(c)", 1),
    ("a ? /b/ : /c/", 2),
    ("a => /b/", 1),
    ("x = {a: /b/}", 1),
    ("function f() { return /b/ }", 1),
    ("function f() { return /* 1 */ /b/ }", 1),
    ("typeof /b/", 1),
    ("a in /b/", 1),
    ("for (a of /b/) c", 1),
    ("of / b / c", 0),
    ("switch (a) { case /b/: c }", 1),
    ("if (a) /b/.test(c)", 1),
    ("if (a()) /b/.test(c); else /d/.test(e)", 2),
    ("while (a) /b/.test(c)", 1),
    ("for (;;) /b/.test(c)", 1),
    ("async function f() { for await (a of b) /c/.test(a) }", 1),
    ("a.if(b) / c / d", 0),
    ("do /a/.test(b); while (c)", 1),
    ("{ a } /b/.test(c)", 1),
    ("if (a) { b } /c/.test(d)", 1),
    ("function f() {} /b/.test(c)", 1),
    ("class A {} /b/.test(c)", 1),
    ("class A extends f() {} /b/.test(c)", 1),
    ("try {} catch {} /b/.test(c)", 1),
    ("x = {} / b / c", 0),
    ("x = function() {} / b / c", 0),
    ("x = async function f() {} / b / c", 0),
    ("f({} / b / c)", 0),
    ("`${a}` / b / c", 0),
    ("`${a / b / c}`", 0),
    ("`${/b/}`", 1),
    ("`${{a: 1}}` / b / c", 0),
    ("x = /[/]/", 1),
    ("x = /[^\\]/]/", 1),
    ("x = /\\//", 1),
    ("x = /'/; y = '/'", 1),
    ("x = a / 2; y = 'b/c'", 0),
]


@pytest.mark.parametrize(("text", "expected"), SLASHES)
def test_a_slash_divides_or_begins_a_regular_expression(text: str, expected: int) -> None:
    spans = javascript_tokens.spans(text.encode())
    assert (
        sum(text[span.start] == "/" and text[span.start + 1] not in "/*" for span in spans)
        == expected
    )


@pytest.mark.parametrize("text", [text for text, _ in SLASHES])
def test_tree_sitter_reads_each_slash_the_same(text: str) -> None:
    judges = pytest.importorskip("tests.core.reference_judges")
    root = judges.parsed(text.encode())
    if root:
        spans = {(span.start, span.end) for span in javascript_tokens.spans(text.encode())}
        assert spans == judges.hidden_in_javascript(root)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n//# sourceMappingURL=a.js.map", ["a.js.map"]),
        ("a\n//@ sourceMappingURL=a.js.map\n\n", ["a.js.map"]),
        ("a;//# sourceMappingURL=a.js.map", ["a.js.map"]),
        ("a\n/*# sourceMappingURL=a.js.map */", ["a.js.map"]),
        ("a\n//# sourceMappingURL=a.js.map\n// the end\n/* really */", ["a.js.map"]),
        ("//# sourceMappingURL=a.js.map\na", []),
        ("// see //# sourceMappingURL=a.js.map", []),
        ("a = '//# sourceMappingURL=a.js.map'", []),
        ("a = '\\n//# sourceMappingURL=' + b", []),
        ("a = `\n//# sourceMappingURL=a.js.map\n`", []),
        ("/*\n//# sourceMappingURL=a.js.map\n*/", []),
    ],
)
def test_only_the_last_comment_names_a_source_map(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


def quoted(text: str) -> str:
    return '"' + "".join(f"\\u{{{ord(letter):x}}}" for letter in text) + '"'


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escapes_are_resolved(name: str) -> None:
    assert urls(f"import({quoted('./' + name)})") == ["./" + name]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"'./\x61.js'", "./a.js"),
        (r"'./\u0061.js'", "./a.js"),
        (r"'./it\'s.js'", "./it's.js"),
        ("'./a\\\n.js'", "./a.js"),
        (r"'.\/a.js'", "./a.js"),
    ],
)
def test_each_form_of_escape_is_resolved(text: str, expected: str) -> None:
    assert urls(f"import({text})") == [expected]


def test_a_reference_tells_where_its_token_begins() -> None:
    text = "// 1\nimport a from './a.js'"
    (reference,) = found(text)
    assert reference.kind is Kind.JS_IMPORT
    assert text[reference.offset : reference.end] == "from './a.js'"


HOLES = st.sampled_from(["a", "'b'", "/c/.d", "{e: 1}.e", "f(g)", "`h`", "/* i */ j", "!k"])
EXPRESSIONS = st.recursive(
    HOLES | st.just("import('./x.js')"),
    lambda inner: st.one_of(
        st.builds("({} / {})".format, inner, inner),
        st.builds("`{}`".format, inner.map(lambda text: "l${" + text + "}m")),
        st.builds("f({}, {})".format, inner, inner),
        st.builds("(function () {{ return {} }})".format, inner),
        st.builds("[{}]".format, inner),
        st.builds("(() => {{ if ({}) /n'/.test({}) }})".format, inner, inner),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_whatever_is_nested_tree_sitter_finds_the_same(expression: str) -> None:
    judges = pytest.importorskip("tests.core.reference_judges")
    data = f"x = {expression};".encode()
    root = judges.parsed(data)
    if root:
        assert {(item.kind, item.url) for item in found(data)} == judges.in_javascript(root)
        spans = {(span.start, span.end) for span in javascript_tokens.spans(data)}
        assert spans == judges.hidden_in_javascript(root)


PIECES = st.sampled_from(
    [
        "import",
        "from",
        "(",
        ")",
        "'",
        '"',
        "`",
        "${",
        "}",
        "{",
        "/",
        "//",
        "/*",
        "*/",
        "\\",
        "\n",
        " ",
        "./a.js",
        "new URL",
        ",",
        "import.meta.url",
        "x",
        "return",
        "if",
        "[",
        "]",
        "importScripts",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.binary(max_size=200))
def test_anything_is_read(text: str | bytes) -> None:
    found(text)


@pytest.mark.parametrize(
    "piece",
    [
        "import",
        "import/*",
        "import(`",
        "import('",
        "from'",
        'from"',
        "importScripts('',",
        "`",
        "${",
        "`${",
        "(",
        "{",
        ")/",
        "}/",
        "/",
        "/a/",
        "//",
        "/*",
        "*",
        "'",
        "\\",
        "x",
        " ",
        "new URL('",
        "/*/",
        "importScripts(\"importScripts('",
        "//# sourceMappingURL=a\n",
        "import//",
        "/[",
        "\n/*a*/",
        "+",
    ],
)
def test_hostile_files_cost_no_more_than_their_length(piece: str) -> None:
    def seconds(size_bytes: int) -> float:
        data = (piece * (size_bytes // len(piece))).encode() + b"/"
        began = time.process_time()
        found(data)
        for _ in javascript_tokens.spans(data):
            pass
        return time.process_time() - began

    assert seconds(800_000) < 16 * max(seconds(100_000), 0.02)


def test_a_long_line_is_read() -> None:
    line = b"function f(a){return a/2+'\\'x'.length+(a?/[/']/g:`${a}`)}" * 40_000
    assert urls(line + b";import('./a.js')") == ["./a.js"]

"""Two parsers that others wrote say what a style sheet and a script refer to."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

import tinycss2
import tree_sitter
import tree_sitter_javascript

from static_releases.core.references import Kind

_SOURCE_MAP = re.compile(r"(?://|/\*)[@#]\s*sourceMappingURL=(\S*?)\s*(?:\*/)?")
_JAVASCRIPT = tree_sitter.Language(tree_sitter_javascript.language())
_PARSER = tree_sitter.Parser(_JAVASCRIPT)
_SHAPES = {
    Kind.JS_IMPORT: """
        (import_statement source: (string) @literal)
        (export_statement source: (string) @literal)
    """,
    Kind.JS_DYNAMIC_IMPORT: "(call_expression function: (import) arguments: (arguments) @literals)",
    Kind.JS_URL: """
        (new_expression
            constructor: (identifier) @name (#eq? @name "URL")
            arguments: (arguments [(string) (template_string)] @literal
                "," (member_expression) @base)
            (#eq? @base "import.meta.url"))
        (new_expression
            constructor: (identifier) @name (#eq? @name "URL")
            arguments: (arguments [(string) (template_string)] @literal
                "," (binary_expression
                    left: [(string) (template_string)] @empty
                    right: (member_expression) @base))
            (#any-of? @empty "''" "\"\"" "``")
            (#eq? @base "import.meta.url"))
    """,
    Kind.JS_IMPORT_SCRIPTS: """
        (call_expression
            function: (identifier) @name (#eq? @name "importScripts")
            arguments: (arguments) @literals)
        (call_expression
            function: (member_expression) @name
            (#any-of? @name "self.importScripts" "globalThis.importScripts")
            arguments: (arguments) @literals)
    """,
}
_QUERIES = {kind: tree_sitter.Query(_JAVASCRIPT, text) for kind, text in _SHAPES.items()}
_HIDING = tree_sitter.Query(
    _JAVASCRIPT,
    "[(comment) (hash_bang_line) (string) (regex)] @span (template_string) @template",
)


def parsed(data: bytes) -> tree_sitter.Node | None:
    """Return a script's tree, or None where the judge itself doesn't understand the script."""
    root = _PARSER.parse(data).root_node
    return None if root.has_error else root


def in_javascript(root: tree_sitter.Node) -> set[tuple[Kind, str]]:
    """Return what a script refers to; a literal's escapes are left as they are written."""
    found = set()
    for kind, query in _QUERIES.items():
        captures = tree_sitter.QueryCursor(query).captures(root)
        for literal in captures.get("literal", ()):
            found |= {(kind, text) for text in _literals([literal])}
        for arguments in captures.get("literals", ()):
            most = None if kind is Kind.JS_IMPORT_SCRIPTS else 1
            children = [node for node in arguments.named_children if node.type != "comment"]
            found |= {(kind, text) for text in _literals(children[:most])}
    modules = {Kind.JS_IMPORT, Kind.JS_DYNAMIC_IMPORT}
    found = {pair for pair in found if pair[0] not in modules or _is_address(pair[1])}
    return found | {(Kind.SOURCE_MAP, url) for url in _source_map(root)}


def _is_address(specifier: str) -> bool:
    return specifier.startswith(("/", "./", "../")) or ":" in specifier


def _literals(nodes: Iterable[tree_sitter.Node]) -> Iterator[str]:
    for node in nodes:
        has_hole = any(child.type == "template_substitution" for child in node.children)
        if node.type not in {"string", "template_string"} or has_hole:
            return
        yield (node.text or b"").decode("utf-8", "replace")[1:-1]


def _source_map(root: tree_sitter.Node) -> Iterator[str]:
    for node in reversed(root.children):
        match = _SOURCE_MAP.fullmatch((node.text or b"").decode("utf-8", "replace").strip())
        if node.type != "comment" or match:
            yield from match.groups() if match else ()
            return


def hidden_in_javascript(root: tree_sitter.Node) -> set[tuple[int, int]]:
    """Return where the comments, strings, regular expressions and texts of templates are."""
    captures = tree_sitter.QueryCursor(_HIDING).captures(root)
    found = {(node.start_byte, node.end_byte) for node in captures.get("span", ())}
    for template in captures.get("template", ()):
        start = template.start_byte
        for hole in (node for node in template.children if node.type == "template_substitution"):
            found.add((start, hole.start_byte + 2))
            start = hole.end_byte - 1
        found.add((start, template.end_byte))
    return found


def in_css(data: bytes) -> list[str]:
    """Return the URLs that a style sheet refers to, source maps aside, sorted."""
    nodes = tinycss2.parse_component_value_list(data.decode("utf-8", "replace"))
    return sorted(_urls(nodes))


def _urls(nodes: Iterable[tinycss2.ast.Node]) -> Iterator[str]:
    nodes = [node for node in nodes if node.type not in {"whitespace", "comment"}]
    for node, following in pairwise([*nodes, None]):
        if node.type == "url":
            yield node.value
        elif node.type == "function":
            yield from _in_function(node)
        elif node.type in {"() block", "[] block", "{} block"}:
            yield from _urls(node.content)
        elif node.type == "at-keyword" and node.lower_value == "import":
            yield from _strings([following] if following else [])


def _in_function(node: tinycss2.ast.FunctionBlock) -> Iterator[str]:
    arguments = [part for part in node.arguments if part.type not in {"whitespace", "comment"}]
    if node.lower_name == "url":
        yield from _strings(arguments[:1])
    elif node.lower_name in {"image-set", "-webkit-image-set"}:
        yield from _strings(arguments)
    yield from _urls(arguments)


def _strings(nodes: Iterable[tinycss2.ast.Node]) -> Iterator[str]:
    return (node.value for node in nodes if node.type == "string")

"""References in a script.

Two steps, because nearly all of a script is no reference. `candidates` looks for the few shapes
that can be one, which is a search for a handful of bytes. `javascript_tokens.spans` tokenizes what
can hide such a shape: a candidate that begins inside of a comment, a string, a template or a
regular expression is none.

Only what a browser resolves against the script's own address counts: ``import``, ``export``,
``import()``, ``new URL(..., import.meta.url)``, ``importScripts()``. A bare specifier
(``"react"``) is looked up in an import map, ``new Worker("x.js")`` in the page's address. Between
the words of one shape eight comments, each of some hundred bytes, are read over.
"""

import re
from collections.abc import Iterator

from static_releases.core.references import sourcemaps
from static_releases.core.references.model import Kind, Reference

# Bounded, so that a file of nothing but `import/*` costs no more than its length.
_COMMENT = rb"/\*(?:[^*]{0,250}+(?:\*(?!/)[^*]{0,250}+){0,4}+)\*/|//[^\n\r]{0,500}+(?=[\n\r])"
_BLANK = rb"(?:[ \t\n\r\v\f]|\xc2\xa0|\xef\xbb\xbf)*+"
_BETWEEN = rb"%b(?:(?:%b)%b){0,8}+" % (_BLANK, _COMMENT, _BLANK)
_LONGEST_BETWEEN = 600

_DOUBLE = rb'"((?:[^"\\\n\r]++|\\(?:\r\n|[\s\S]))*+)"'
_SINGLE = rb"'((?:[^'\\\n\r]++|\\(?:\r\n|[\s\S]))*+)'"
_STRING = rb"(?:%b|%b)" % (_DOUBLE, _SINGLE)
# A template without a substitution is as literal as a string.
_LITERAL = rb"(?:%b|`((?:[^`\\$]++|\\[\s\S]|\$(?!\{))*+)`)" % _STRING

# The fixed bytes first, what may not stand before them second: a pattern that begins with fixed
# bytes is searched for ten times as fast.
_FROM = re.compile(rb"from(?<![\w$.#\\]from)")
_IMPORT = re.compile(rb"import(?<![\w$#\\]import)(?<!(?<!\.\.)\.import)")
_URL = re.compile(rb"URL(?<=[\s/]URL)")
_SCRIPTS = re.compile(
    rb"importScripts(?<![\w$#\\]importScripts)"
    rb"(?:(?<!\.importScripts)|(?<=self\.importScripts)|(?<=globalThis\.importScripts))"
)


def _sequence(*tokens: bytes) -> re.Pattern[bytes]:
    """Return a pattern for tokens with whitespace and comments before each."""
    return re.compile(b"".join(_BETWEEN + token for token in tokens))


_PLAIN = _sequence(_STRING)
_CALL = _sequence(rb"\(", _LITERAL, rb"[,)]")
_NEW = re.compile(rb"(?:\A|[^\w$.#\\])new%b\Z" % _BETWEEN)
# Vite 8 writes ""+import.meta.url, so that its bundler leaves it as it is.
_MODULE = rb"(?:(?:\"\"|''|``)%b\+%b)?import" % (_BETWEEN, _BETWEEN)
_MODULE_URL = _sequence(
    rb"\(", _LITERAL, rb",", _MODULE, rb"\.", rb"meta", rb"\.", rb"url", rb"[,)]"
)
_OPENING = _sequence(rb"\(")
_ARGUMENT = _sequence(_LITERAL, rb"[,)]")
_MOST_ARGUMENTS = 64

_SPECIFIER = re.compile(r"\.{0,2}/|[A-Za-z][A-Za-z0-9+.-]*:")
_URL_OPENS = re.compile(rb"[\"'`(=]((?:https?:|wss?:)?)\Z")
_URL_TEXT = re.compile(rb"[^\"'`\s\\<>()]*+")
_UNESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})"
    r"|(\r\n|[\n\r\u2028\u2029])|(.))",
    re.DOTALL,
)
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}


def candidates(data: bytes) -> Iterator[Reference]:
    """Yield everything in the form of a reference, also in comments and strings."""
    for head in _FROM.finditer(data):
        yield from _imported(Kind.JS_IMPORT, head, _PLAIN.match(data, head.end()))
    for head in _IMPORT.finditer(data):
        yield from _imported(Kind.JS_IMPORT, head, _PLAIN.match(data, head.end()))
        yield from _imported(Kind.JS_DYNAMIC_IMPORT, head, _CALL.match(data, head.end()))
    for head in _SCRIPTS.finditer(data):
        yield from _scripts(data, head)
    for head in _URL.finditer(data):
        yield from _module_url(data, head)
    source_map = sourcemaps.in_javascript(data)
    if source_map:
        yield source_map


def texts(data: bytes, beginning: re.Pattern[bytes]) -> Iterator[Reference]:
    """Yield each URL that has this beginning, the scheme aside, where a string may hold one."""
    for match in beginning.finditer(data):
        opening = _URL_OPENS.search(data, max(0, match.start() - 8), match.start())
        text = _URL_TEXT.match(data, match.start())
        if opening and text:
            yield Reference(
                kind=Kind.JS_STRING,
                url=(opening[1] + text[0]).decode("utf-8", "replace"),
                offset=match.start(),
                end=text.end(),
            )


def _imported(
    kind: Kind, head: re.Match[bytes], match: re.Match[bytes] | None
) -> Iterator[Reference]:
    """Yield a module specifier unless it is bare (HTML, "resolve a module specifier")."""
    if match:
        reference = _reference(kind, head, match)
        if _SPECIFIER.match(reference.url):
            yield reference


def _scripts(data: bytes, head: re.Match[bytes]) -> Iterator[Reference]:
    """Yield the arguments up to the first that is no literal."""
    before = _OPENING.match(data, head.end())
    for _ in range(_MOST_ARGUMENTS):
        argument = _ARGUMENT.match(data, before.end()) if before else None
        if not argument:
            return
        yield _reference(Kind.JS_IMPORT_SCRIPTS, head, argument)
        before = argument


def _module_url(data: bytes, head: re.Match[bytes]) -> Iterator[Reference]:
    match = _MODULE_URL.match(data, head.end())
    if match and _NEW.search(data[max(0, head.start() - _LONGEST_BETWEEN) : head.start()]):
        yield _reference(Kind.JS_URL, head, match)


def _reference(kind: Kind, head: re.Match[bytes], match: re.Match[bytes]) -> Reference:
    text = match[match.lastindex or 0].decode("utf-8", "replace")
    url = _UNESCAPE.sub(_unescaped, text) if "\\" in text else text
    return Reference(kind=kind, url=url, offset=head.start(), end=match.end())


def _unescaped(escape: re.Match[str]) -> str:
    """Return the character that an escape stands for: ECMA-262, "EscapeSequence"."""
    *codes, newline, plain = escape.groups()
    digits = next(filter(None, codes), None)
    if digits:
        code = int(digits, 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"
    return "" if newline else _CONTROLS.get(plain, plain)

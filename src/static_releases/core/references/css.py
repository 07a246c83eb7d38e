"""References in a style sheet, by the tokens of CSS Syntax Module Level 3.

Two steps, because nearly all of a style sheet is no reference. `candidates` looks for the few
shapes that can be one, which is a search for a handful of bytes. `spans` tokenizes what can hide
such a shape: comments, strings, URLs. A candidate that begins inside of one of those is none.

A function or at-rule whose *name* is written with escapes (``u\\72l(...)``) is not looked for: no
tool writes it.
"""

import re
from collections.abc import Iterator
from itertools import islice

from static_releases.core.references import sourcemaps
from static_releases.core.references.model import Hides, Kind, Reference, Span

_WS = rb"[ \t\n\r\f]*+"
_COMMENT = rb"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
_ESCAPE = rb"\\(?:[0-9a-fA-F]{1,6}+(?:\r\n|[ \t\n\r\f])?+|[^0-9a-fA-F\n\r\f]|\Z)"
_DOUBLE = rb'"((?:[^"\\\n\r\f]++|\\(?:\r\n|[\s\S]))*+)(?:"|\\?\Z)'
_SINGLE = rb"'((?:[^'\\\n\r\f]++|\\(?:\r\n|[\s\S]))*+)(?:'|\\?\Z)"
_STRING = rb"(?:%b|%b)" % (_DOUBLE, _SINGLE)
# 4.3.6 "Consume a url token": none of these may stand in one without quotes.
_RAW = rb"((?:[^ \t\n\r\f\"'()\\\x00-\x08\x0b\x0e-\x1f\x7f]++|%b)*+)" % _ESCAPE

_HEAD = re.compile(
    rb"u[rR][lL]\(|U[rR][lL]\(|-[sS][eE][tT]\((?<=[iI][mM][aA][gG][eE].{5})"
    rb"|@[iI][mM][pP][oO][rR][tT](?![-\w\x80-\xff\\])",
    re.DOTALL,
)
_NAME_CHAR = re.compile(rb"[-\w\x80-\xff\\]")
_IMAGE_SET = re.compile(rb"(?:\A|[^-\w\x80-\xff\\])(?:-webkit-)?image\Z", re.IGNORECASE)
# Bounded, so that a file of nothing but `image-set(url(` costs no more than its length.
_IMAGE_SET_TOKENS = 64
_IMAGE_SET_BYTES = 8 * 1024
_URL = re.compile(rb"%b(?:%b|%b%b(?:\)|\Z))" % (_WS, _STRING, _RAW, _WS))
# Bounded, so that a file of nothing but `@import/*` costs no more than its length.
_SHORT_COMMENT = rb"/\*[^*]{0,250}+(?:\*(?!/)[^*]{0,250}+){0,4}+\*/"
_IMPORTED = re.compile(rb"%b(?:%b%b){0,8}+%b" % (_WS, _SHORT_COMMENT, _WS, _STRING))
# An escape belongs to a name: what follows it can't begin another one.
_ESCAPED_NAME = rb"%b[-\w\x80-\xff]*+" % _ESCAPE
# With quotes `url(` is a function around a string; without, all up to the bracket is the URL.
_UNQUOTED = rb"(?<![-\w\x80-\xff\\].{4})%b(?![\"'])(?:[^)\\]++|\\(?:[\s\S]|\Z))*+\)?+" % _WS
_IMAGE_SET_PART = re.compile(
    rb"%b|%b|[\"'][^\n\r\f]*+|[()]|%b|[uU][rR][lL]\(%b"
    % (_COMMENT, _STRING, _ESCAPED_NAME, _UNQUOTED),
    re.DOTALL,
)
_SPAN = re.compile(
    rb"(?P<comment>%b)|(?P<string>\"(?:[^\"\\\n\r\f]++|\\(?:\r\n|[\s\S]|\Z))*+\"?+"
    rb"|'(?:[^'\\\n\r\f]++|\\(?:\r\n|[\s\S]|\Z))*+'?+)"
    rb"|%b|u[rR][lL]\(%b|U[rR][lL]\(%b" % (_COMMENT, _ESCAPED_NAME, _UNQUOTED, _UNQUOTED),
    re.DOTALL,
)

# Nothing is fetched for these. @namespace names an XML namespace, @document compares with the
# page's own address. `behavior` was Internet Explorer's until version 9 (and relative to the
# page), `-moz-binding` Firefox's until version 76.
_BEFORE_BYTES = 512
_COMMENTS = re.compile(rb"/\*.*?(?:\*/|\Z)", re.DOTALL)
_FETCHES_NOTHING = re.compile(
    rb"\s*(?:@namespace\b|@(?:-moz-)?document\b|[*_]?(?:-ms-)?behaviou?r\s*:|-moz-binding\s*:)",
    re.IGNORECASE,
)
_UNESCAPE = re.compile(
    r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])|(.)|\Z)", re.DOTALL
)


def candidates(data: bytes) -> Iterator[Reference]:
    """Yield everything in the form of a reference, also in comments and strings."""
    for head in _HEAD.finditer(data):
        first = data[head.start()]
        if first == ord("@"):
            yield from _imported(data, head)
        elif first == ord("-"):
            yield from _image_set(data, head)
        else:
            yield from _url(data, head)
    source_map = sourcemaps.in_css(data)
    if source_map:
        yield source_map


def spans(data: bytes) -> Iterator[Span]:
    """Yield the tokens that hide what they hold, in order, however broken the style sheet is."""
    for match in _SPAN.finditer(data):
        hides = Hides(match.lastgroup) if match.lastgroup else Hides.OTHER
        yield Span(match.start(), match.end(), hides)


def _url(data: bytes, head: re.Match[bytes]) -> Iterator[Reference]:
    start = head.start()
    is_other_function = start > 0 and _NAME_CHAR.match(data, start - 1)
    match = None if is_other_function else _URL.match(data, head.end())
    if match and not _fetches_nothing(data, start):
        yield _reference(Kind.CSS_URL, match, start)


def _imported(data: bytes, head: re.Match[bytes]) -> Iterator[Reference]:
    match = _IMPORTED.match(data, head.end())
    if match:
        yield _reference(Kind.CSS_IMPORT, match, head.start())


def _image_set(data: bytes, head: re.Match[bytes]) -> Iterator[Reference]:
    """Yield the strings directly inside of the brackets; ``url()`` is found by itself."""
    if not _IMAGE_SET.search(data[max(0, head.start() - 14) : head.start()]):
        return
    depth, end = 1, min(len(data), head.end() + _IMAGE_SET_BYTES)
    for part in islice(_IMAGE_SET_PART.finditer(data, head.end(), end), _IMAGE_SET_TOKENS):
        if part.end() == end < len(data):
            return
        if part.lastindex and depth == 1:
            yield _reference(Kind.CSS_IMAGE_SET, part, head.start())
        depth += {b"(": 1, b")": -1}.get(part[0], 0)
        # There is none in another (CSS Images 4), so nothing is read twice for it.
        if not depth or data.endswith(b"-set(", 0, part.end()):
            return


def _reference(kind: Kind, match: re.Match[bytes], offset: int) -> Reference:
    text = match[match.lastindex or 0].decode("utf-8", "replace")
    url = _UNESCAPE.sub(_unescaped, text) if "\\" in text else text
    return Reference(kind=kind, url=url, offset=offset, end=match.end())


def _unescaped(escape: re.Match[str]) -> str:
    """Return the character that an escape stands for: 4.3.7 "Consume an escaped code point"."""
    digits, newline, plain = escape.groups()
    if newline:
        return ""
    if not digits:
        return plain or "\ufffd"
    code = int(digits, 16)
    is_character = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if is_character else "\ufffd"


def _fetches_nothing(data: bytes, start: int) -> bool:
    earliest = max(0, start - _BEFORE_BYTES)
    begin = max(data.rfind(mark, earliest, start) for mark in (b";", b"{", b"}"))
    statement = _COMMENTS.sub(b" ", data[max(earliest, begin + 1) : start])
    return _FETCHES_NOTHING.match(statement) is not None

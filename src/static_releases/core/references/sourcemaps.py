"""The comment that names a file's source map, in CSS and in JavaScript.

ECMA-426, "Extracting source map URLs": tokens are read from the end, the first comment that
matches counts, and any other token ends the search. So a comment in the middle of a bundle, or in
a string, names nothing.
"""

import re

from static_releases.core.references.model import Kind, Reference

_NAME = b"sourceMappingURL="
_OPENING = re.compile(rb"/[/*][@#][ \t]*+\Z")
_LONGEST_OPENING = 16
_BLOCK = rb"/\*[@#][ \t]*+sourceMappingURL=([^\s*]*+(?:\*(?!/)[^\s*]*+)*+)\s*+\*/"
_LINE = rb"//[@#][ \t]*+sourceMappingURL=(\S*+)[ \t]*+(?=[\r\n]|\Z)"
_SPACE = rb"\s++|/\*(?:[^*]++|\*(?!/))*+\*/"
_LINE_START = re.compile(rb"(?:\A|[\r\n])[ \t]*+\Z")
_MOST_INDENTED = 80
_CSS = re.compile(rb"%b(?:%b)*+\Z" % (_BLOCK, _SPACE))
_JAVASCRIPT = re.compile(rb"(?:%b|%b)(?:%b|//[^\n\r]*+)*+\Z" % (_BLOCK, _LINE, _SPACE))


def in_css(data: bytes) -> Reference | None:
    """Return the comment that names a style sheet's source map."""
    return _last(_CSS, data)


def in_javascript(data: bytes) -> Reference | None:
    """Return the comment that names a script's source map."""
    return _last(_JAVASCRIPT, data)


def _last(whole: re.Pattern[bytes], data: bytes) -> Reference | None:
    name = data.rfind(_NAME)
    earliest = max(0, name - _LONGEST_OPENING)
    opening = _OPENING.search(data[earliest : max(0, name)])
    match = whole.match(data, earliest + opening.start()) if opening else None
    if match is None or not match.lastindex:
        return None
    return Reference(
        kind=Kind.SOURCE_MAP,
        url=match[match.lastindex].decode("utf-8", "replace"),
        offset=match.start(),
        end=match.end(match.lastindex),
    )


def is_certain(reference: Reference, data: bytes) -> bool:
    """Tell whether a candidate is a comment for sure, without tokenizing all that is before it.

    On a line of its own, and the last, it can be within nothing that is closed after it.
    """
    start = reference.offset
    before = data[max(0, start - _MOST_INDENTED) : start]
    return (
        data.startswith(b"//", start)
        and _LINE_START.search(before) is not None
        and not data[reference.end :].strip()
    )

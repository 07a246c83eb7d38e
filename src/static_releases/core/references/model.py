"""The words that both languages share: what refers, to what, and which text hides what it holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a reference is written; the value is how a message names it."""

    CSS_IMPORT = "@import"
    CSS_URL = "url()"
    CSS_IMAGE_SET = "image-set()"
    JS_IMPORT = "import"
    JS_DYNAMIC_IMPORT = "import()"
    JS_URL = "new URL()"
    JS_IMPORT_SCRIPTS = "importScripts()"
    JS_STRING = "string"
    SOURCE_MAP = "sourceMappingURL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A URL that is written in a file, escapes resolved, nothing else done to it.

    ``offset`` is the byte at which the token begins that makes it a reference; ``end`` the byte
    after what was read.
    """

    kind: Kind
    url: str
    offset: int
    end: int


class Hides(StrEnum):
    """What kind of token a span is."""

    COMMENT = "comment"
    STRING = "string"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes ``start`` to ``end`` of one token in which nothing else can begin."""

    start: int
    end: int
    hides: Hides


def covering(spans: Iterable[Span], offsets: Iterable[int]) -> Iterator[Span | None]:
    """Yield for each offset, which are in order, the span that it lies in.

    Both are read once and side by side, and no span is asked for beyond the last offset.
    """
    remaining = iter(spans)
    span: Span | None = _NOTHING
    for offset in offsets:
        while span and span.end <= offset:
            span = next(remaining, None)
        yield span if span and span.start <= offset else None


_NOTHING = Span(0, 0, Hides.OTHER)

"""Which other files a style sheet or a script refers to.

`candidates` is quick (a search for a few bytes) and may name what stands in a comment or a string;
`confirmed` tokenizes the file and keeps those that are what they look like; `find` is both. A
caller who can tell that most candidates are harmless confirms only the others.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from static_releases.core.references import css, javascript, javascript_tokens, sourcemaps
from static_releases.core.references.model import Hides, Kind, Reference, Span, covering

__all__ = ["Kind", "Language", "Reference", "candidates", "confirmed", "find", "language", "text"]

Language = Literal["css", "javascript"]

_LANGUAGES: dict[str, Language] = {
    "css": "css",
    "js": "javascript",
    "mjs": "javascript",
}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF_8_MARK = b"\xef\xbb\xbf"


def language(path: str) -> Language | None:
    """Return the language of a file that a browser reads references from, by its name."""
    _, _, extension = path.rpartition(".")
    return _LANGUAGES.get(extension.lower())


def text(body: bytes) -> bytes:
    """Return a file's text as UTF-8 without a mark, which is what the others here read."""
    if body.startswith(_UTF_16):
        return body.decode("utf-16", "replace").encode("utf-8", "replace")
    return body.removeprefix(_UTF_8_MARK)


def find(data: bytes, language: Language) -> list[Reference]:
    """Return the references of a style sheet or a script, in order.

    `data` is UTF-8, see `text`. Whatever it holds, this neither raises nor takes longer than
    proportional to its length.
    """
    return confirmed(data, language, candidates(data, language))


def candidates(data: bytes, language: Language) -> Iterator[Reference]:
    """Yield everything in the form of a reference, also in comments and strings."""
    return css.candidates(data) if language == "css" else javascript.candidates(data)


def confirmed(data: bytes, language: Language, references: Iterable[Reference]) -> list[Reference]:
    """Return those of the references that are no text in a comment, a string and the like."""
    ordered = sorted(references, key=lambda reference: (reference.offset, reference.end))
    doubtful = [reference for reference in ordered if not _is_certain(reference, data)]
    spans = css.spans(data) if language == "css" else javascript_tokens.spans(data)
    places = covering(spans, (reference.offset for reference in doubtful))
    unreal = {
        reference
        for reference, span in zip(doubtful, places, strict=True)
        if not _is_real(reference, span)
    }
    return [reference for reference in ordered if reference not in unreal]


def _is_certain(reference: Reference, data: bytes) -> bool:
    return reference.kind is Kind.SOURCE_MAP and sourcemaps.is_certain(reference, data)


def _is_real(reference: Reference, span: Span | None) -> bool:
    if reference.kind is Kind.JS_STRING:
        return span is not None and span.hides is Hides.STRING
    return span is None or span.start == reference.offset

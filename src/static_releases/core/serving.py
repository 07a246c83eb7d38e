"""Judge how an asset was served: pure, one answer at a time.

Headers are compared by their meaning: a media type in any case and quoting, directives in any
order, and a longer max-age than was asked for is right.
"""

import hashlib
import importlib
import importlib.util
import re
import zlib
from dataclasses import dataclass
from email.message import Message
from typing import Literal

from static_releases.core.fetching import Answer, Failure
from static_releases.core.model import Asset

Fault = Literal[
    "missing",
    "refused",
    "redirect",
    "status",
    "unanswered",
    "slow",
    "truncated",
    "bytes",
    "encoding",
    "type",
    "caching",
    "cors",
    "vary",
]
# What a browser fetches with CORS when it comes from another origin than the page: fonts
# (CSS Fonts 4, 4.9), modules and what they import or fetch (HTML, "fetch a module script").
_CORS = re.compile(r"\.(woff2?|ttf|otf|ttc|m?js|wasm)$", re.IGNORECASE)
_ALIASES = {
    "application/javascript": "text/javascript",  # RFC 9239, 6
    "application/x-javascript": "text/javascript",
    "application/xml": "text/xml",  # RFC 7303, 9.2
    "image/x-icon": "image/vnd.microsoft.icon",
}
# Directives with which a browser asks again, or keeps nothing.
_HINDERING = frozenset(("no-store", "no-cache", "private"))
_GZIP_MAGIC = b"\x1f\x8b"
_SHOWN = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing in which an answer isn't as it should be."""

    fault: Fault
    expected: str
    found: str


class _NotDecoded(Exception):
    """A body can't be decoded as its Content-Encoding says."""


def needs_cors(path: str) -> bool:
    """Tell whether a browser fetches this with an Origin, when it comes from another origin."""
    return _CORS.search(path) is not None


def accepted_encodings() -> str:
    """Return the Accept-Encoding of a browser, as far as it can be decoded here."""
    return "gzip, deflate, br" if importlib.util.find_spec("brotli") else "gzip, deflate"


def longest_answer(asset: Asset) -> int:
    """Return how many bytes a right answer can have: an encoding may make it a bit longer."""
    return asset.size_bytes + asset.size_bytes // 10 + 1024


def judge(asset: Asset, answer: Answer | Failure) -> list[Finding]:
    """Return in what an answer differs from the asset; nothing of CORS."""
    if isinstance(answer, Failure):
        return [_failed(asset, answer)]
    if answer.status != 200:
        return [_refused(answer)]
    found = [_bytes(asset, answer), _type(asset, answer), _caching(asset, answer)]
    return [each for each in found if each is not None]


def judge_cors(plain: Answer | Failure, cors: Answer | Failure, origin: str) -> list[Finding]:
    """Return whether a page of this origin may use the answer, also out of a cache.

    A cache that has the answer to a request without an Origin gives that one to whoever asks with
    one, unless both say ``Vary: Origin`` or allow every origin (Fetch, "CORS protocol and HTTP
    caches").
    """
    if isinstance(cors, Failure) or cors.status != 200:
        return []
    allowed = cors.headers.get("Access-Control-Allow-Origin", "").strip()
    if allowed == "*":
        return []
    if allowed != origin:
        return [
            Finding(fault="cors", expected=f"* or {origin} allowed", found=allowed or "no origin")
        ]
    without = [a for a in (plain, cors) if isinstance(a, Answer) and not _varies(a)]
    if not without:
        return []
    of = "the answer without Origin" if without == [plain] else "the answer"
    return [Finding(fault="vary", expected="Vary: Origin", found=f"not in {of}")]


def _varies(answer: Answer) -> bool:
    names = ",".join(answer.headers.get_all("Vary", [])).lower().split(",")
    return bool({"origin", "*"} & {name.strip() for name in names})


def _failed(asset: Asset, failure: Failure) -> Finding:
    expected = f"{asset.size_bytes:,} bytes"
    if failure.how == "too long":
        return Finding(fault="bytes", expected=expected, found=failure.reason)
    return Finding(fault=failure.how, expected=expected, found=failure.reason)


def _refused(answer: Answer) -> Finding:
    status = answer.status
    found = f"{status}"
    if 300 <= status < 400:
        to = answer.headers.get("Location", "")
        return Finding(fault="redirect", expected="200", found=f"{status} to {to or 'nowhere'}")
    faults: dict[int, Fault] = {401: "refused", 403: "refused", 404: "missing", 410: "missing"}
    return Finding(fault=faults.get(status, "status"), expected="200", found=found)


def _bytes(asset: Asset, answer: Answer) -> Finding | None:
    stored, sent, longest = asset.headers.content_encoding, _encoding(answer), longest_answer(asset)
    if _is(asset, answer.body) and sent != (stored or ""):
        # A browser decodes what isn't encoded, or shows what is.
        found = f"{sent or 'none'}, for the bytes as they are stored"
        return Finding(fault="encoding", expected=stored or "none", found=found)
    try:
        body = answer.body if stored else _decode(answer.body, sent, longest)
    except _NotDecoded as error:
        return Finding(fault="encoding", expected=stored or "none, or gzip or br", found=str(error))
    if _is(asset, body):
        return None
    if _is(asset, _unpacked(body, longest)):
        found = f"{sent} twice" if sent else "gzip bytes without Content-Encoding"
        return Finding(fault="encoding", expected="one encoding", found=found)
    return Finding(
        fault="bytes",
        expected=f"sha256 {asset.digest[:12]}..., {asset.size_bytes:,} bytes",
        found=f"sha256 {hashlib.sha256(body).hexdigest()[:12]}..., {len(body):,} bytes",
    )


def _is(asset: Asset, body: bytes) -> bool:
    return len(body) == asset.size_bytes and hashlib.sha256(body).hexdigest() == asset.digest


def _encoding(answer: Answer) -> str:
    named = ",".join(answer.headers.get_all("Content-Encoding", [])).lower()
    codings = [coding.strip() for coding in named.split(",")]
    return ", ".join(c for c in codings if c and c != "identity")


def _decode(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Undo a Content-Encoding, up to ``max_bytes``; raise `_NotDecoded`."""
    for coding in reversed(encoding.split(", ") if encoding else []):
        body = _decode_once(body, coding, max_bytes)
    return body


def _decode_once(body: bytes, coding: str, max_bytes: int) -> bytes:
    if coding in {"gzip", "x-gzip"}:
        return _inflated(body, 31, max_bytes, coding)
    if coding == "deflate":
        # RFC 9110, 8.4.1.2: zlib's format; some senders leave its header out.
        wbits = 15 if body[:1] and body[0] & 0x0F == 8 else -15
        return _inflated(body, wbits, max_bytes, coding)
    if coding == "br" and importlib.util.find_spec("brotli"):
        brotli = importlib.import_module("brotli")
        try:
            return bytes(brotli.decompress(body))
        except brotli.error as error:
            raise _NotDecoded(f"{coding}, and the bytes are not that: {error}") from error
    if coding == "br":
        raise _NotDecoded("br, which was not asked for (and needs the package brotli to be read)")
    raise _NotDecoded(f"{coding!r}, which was not asked for")


def _inflated(body: bytes, wbits: int, max_bytes: int, coding: str) -> bytes:
    """Inflate one member after another (RFC 1952, 2.2), never much more than is expected."""
    found = bytearray()
    while body and len(found) <= max_bytes:
        inflater = zlib.decompressobj(wbits)
        try:
            found += inflater.decompress(body, max_bytes + 1 - len(found))
        except zlib.error as error:
            raise _NotDecoded(f"{coding}, and the bytes are not that: {error}") from error
        if len(found) <= max_bytes and not inflater.eof:
            raise _NotDecoded(f"{coding}, and its end is missing")
        body = inflater.unused_data
    return bytes(found)


def _unpacked(body: bytes, max_bytes: int) -> bytes:
    """Return what a body that is gzip holds, else nothing."""
    if not body.startswith(_GZIP_MAGIC):
        return b""
    try:
        return _inflated(body, 31, max_bytes, "gzip")
    except _NotDecoded:
        return b""


def _type(asset: Asset, answer: Answer) -> Finding | None:
    found = answer.headers.get("Content-Type", "")
    if _media_type(found) == _media_type(asset.headers.content_type):
        return None
    expected = asset.headers.content_type
    return Finding(fault="type", expected=expected, found=found[:_SHOWN] or "none")


def _media_type(text: str) -> tuple[str, frozenset[str]]:
    message = Message()
    message["Content-Type"] = text
    name = message.get_content_type() if text else ""
    charset = message.get_content_charset()
    return _ALIASES.get(name, name), frozenset([charset] if charset else [])


def _caching(asset: Asset, answer: Answer) -> Finding | None:
    found = ", ".join(answer.headers.get_all("Cache-Control", []))
    expected, served = _directives(asset.headers.cache_control), _directives(found)
    kept = all(_is_kept(name, value, served) for name, value in expected.items())
    if kept and not _HINDERING & (served.keys() - expected.keys()):
        return None
    wanted = asset.headers.cache_control
    return Finding(fault="caching", expected=wanted, found=found[:_SHOWN] or "none")


def _is_kept(name: str, value: str, served: dict[str, str]) -> bool:
    if name not in served:
        return False
    if name in {"max-age", "s-maxage"} and value.isdigit() and served[name].isdigit():
        return int(served[name]) >= int(value)
    return served[name] == value


def _directives(text: str) -> dict[str, str]:
    found = {}
    for part in text.lower().split(","):
        name, _, value = part.partition("=")
        if name.strip():
            found[name.strip()] = value.strip().strip('"')
    return found

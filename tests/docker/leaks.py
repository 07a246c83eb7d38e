"""Look for a secret in what a build leaves: as it is, in base64, in hex, URL-quoted."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

URL_SAFE = bytes.maketrans(b"+/", b"-_")


def forms(secret: bytes) -> dict[str, bytes]:
    """Return what would be seen of a secret, by the name of its form; hex in lower case."""
    text = secret.decode()
    found = {
        "raw": secret,
        "hex": secret.hex().encode(),
        "URL-quoted": quote(text, safe="").encode(),
    }
    if "/" in text:
        found["URL-quoted but for slashes"] = quote(text).encode()
    for alignment in range(3):
        standard = _inside_base64(secret, alignment)
        found[f"base64 at {alignment}"] = standard
        found[f"URL-safe base64 at {alignment}"] = standard.translate(URL_SAFE)
    return found


def _inside_base64(secret: bytes, alignment: int) -> bytes:
    """Return the characters that are the same whatever stands before and after the secret.

    ``alignment`` is how many bytes before it belong to the same group of three.
    """
    encoded = base64.b64encode(b"\0" * alignment + secret)
    first = -(-alignment * 8 // 6)
    last = (alignment + len(secret)) * 8 // 6
    return encoded[first:last]


def find(secret: bytes, places: Iterable[tuple[str, bytes]]) -> set[str]:
    """Return ``place: form`` for each form of the secret in each of the places."""
    looked_for = forms(secret)
    found = set()
    for place, body in places:
        # Hex is written in either case.
        lower = body.lower()
        for form, seen in looked_for.items():
            if seen in (lower if form == "hex" else body):
                found.add(f"{place}: {form}")
    return found


def kinds(found: set[str]) -> set[str]:
    """Return the forms in which a secret was found; of two spellings that are one, the first."""
    return {place.rpartition(": ")[2].removeprefix("URL-safe ") for place in found}


def of_image(saved: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield all that `docker save` wrote: its manifests, configurations and layers, opened.

    A layer's names count too: they stand in its tar, which is yielded whole, and so do the
    contents of whatever it holds that is compressed.
    """
    with tarfile.open(fileobj=io.BytesIO(saved)) as outer:
        for member in outer:
            if (file := outer.extractfile(member)) is None:
                continue
            body = opened(file.read())
            yield member.name, body
            if tarfile.is_tarfile(io.BytesIO(body)):
                yield from _compressed_inside(member.name, body)


def _compressed_inside(layer: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(body)) as inner:
        for member in inner:
            # Not a link: what it leads to can be in another layer.
            if member.isfile() and (file := inner.extractfile(member)) and _is_gzip(member.name):
                yield f"{layer}: {member.name}", opened(file.read())


def _is_gzip(name: str) -> bool:
    return name.endswith((".gz", ".tgz"))


def opened(body: bytes) -> bytes:
    """Return what a gzip holds, or the bytes themselves."""
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body

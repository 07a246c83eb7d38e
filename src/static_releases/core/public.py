"""What the public sees of a store: its objects over HTTP, or from the folder that it is.

No credentials and no client library: this is what a running application may use.
"""

import http.client
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

from static_releases.core.errors import (
    AccessDenied,
    ObjectMissing,
    StoreError,
    StoreUnreachable,
)

_TIMEOUT_SECONDS = 10
# A claim lists every asset; 100,000 of them make some 10 MB, packed.
_MAX_DOCUMENT_BYTES = 64 * 1024 * 1024


class PublicStore:
    """Reads the objects below a public URL, or a folder. It implements `documents.Reads`."""

    def __init__(self, base: str | Path) -> None:
        self.base = base

    def __str__(self) -> str:
        return str(self.base)

    def read(self, key: str) -> bytes:
        """Return an object's bytes, or raise `ObjectMissing` or another `StoreError`."""
        if isinstance(self.base, Path):
            return _from_folder(self.base / key)
        return _from_url(f"{self.base.rstrip('/')}/{quote(key)}")


def _from_folder(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise ObjectMissing(f"There is no {file}.") from error
    except OSError as error:
        raise StoreError(f"{file} can't be read: {error.strerror}.") from error


def _from_url(url: str) -> bytes:
    # A cache on the way may hold a 404 from before the object was there (RFC 9111, 5.2.1.4).
    request = urllib.request.Request(url, headers={"Cache-Control": "no-cache"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            body: bytes = answer.read(_MAX_DOCUMENT_BYTES + 1)
    except urllib.error.HTTPError as error:
        raise _refused(url, error) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise StoreUnreachable(f"{url} did not answer: {reason}.") from error
    if len(body) > _MAX_DOCUMENT_BYTES:
        raise StoreError(f"{url} answered with more than {_MAX_DOCUMENT_BYTES:,} bytes.")
    return body


def _refused(url: str, error: urllib.error.HTTPError) -> StoreError:
    answer = f"{url} answered {error.code} {error.reason}."
    if error.code in {404, 410}:
        return ObjectMissing(answer)
    return AccessDenied(answer) if error.code in {401, 403} else StoreError(answer)

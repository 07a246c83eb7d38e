"""Read an object as the public does: no credentials, no client library."""

import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

from static_releases.core.errors import NotReady

_TIMEOUT_SECONDS = 10
_MAX_BYTES = 64 * 1024 * 1024


def read(base: str | Path, key: str) -> bytes | None:
    """Return what lies under the key, or None if nothing does.

    ``base`` is the public URL of the store, or the directory that it is. Raises `NotReady` for
    any other answer, or for none.
    """
    return _from_folder(base, key) if isinstance(base, Path) else _from_url(base, key)


def _from_folder(base: Path, key: str) -> bytes | None:
    try:
        return (base / key).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotReady(f"{base / key} can't be read: {error.strerror}.") from error


def _from_url(base: str, key: str) -> bytes | None:
    url = f"{base.rstrip('/')}/{quote(key)}"
    # A cache on the way may hold a 404 from before the release was there (RFC 9111, 5.2.1.4).
    request = urllib.request.Request(url, headers={"Cache-Control": "no-cache"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            body: bytes = answer.read(_MAX_BYTES)
            return body
    except urllib.error.HTTPError as error:
        if error.code in {404, 410}:
            return None
        raise NotReady(f"{url} answered {error.code} {error.reason}.") from error
    except (OSError, ValueError) as error:
        raise NotReady(f"{url} did not answer: {getattr(error, 'reason', error)}.") from error

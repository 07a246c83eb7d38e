"""What a URL in a file points to, as a browser would resolve it (URL Standard)."""

import posixpath
import re
from urllib.parse import unquote

_STRIPPED = "".join(map(chr, range(0x21)))
_REMOVED = str.maketrans("", "", "\t\n\r")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_QUERY = re.compile(r"[?#]")
_DOTS = re.compile(r"%2e", re.IGNORECASE)
# RFC 6761 `localhost`, RFC 1122 loopback and "this host", RFC 4291 the same, and the name under
# which a container finds its host. Private networks are left alone: intranets are served there.
DEVELOPMENT_HOST = (
    r"//(?:[\w-]++\.)*(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|0\.0\.0\.0|\[::1?\]"
    r"|host\.docker\.internal)(?![\w.-])"
)
_DEVELOPMENT_HOST = re.compile(r"(?:(?:https?|wss?):)?" + DEVELOPMENT_HOST, re.IGNORECASE)


def cleaned(url: str) -> str:
    """Return the URL less what every browser takes away before it reads it."""
    return url.strip(_STRIPPED).translate(_REMOVED)


def is_relative(url: str) -> bool:
    """Tell whether a cleaned URL is resolved against the place of the file that holds it."""
    return not url.startswith(("/", "\\")) and not _SCHEME.match(url)


def is_for_development(url: str) -> bool:
    """Tell whether a cleaned URL names the machine that the browser itself runs on."""
    return _DEVELOPMENT_HOST.match(url) is not None


def path_of(url: str) -> str:
    """Return a URL's path: no query, no fragment, percent-encoding resolved."""
    return unquote(_QUERY.split(url, maxsplit=1)[0])


def resolve(referrer: str, url: str) -> str:
    """Return the path that a relative URL in the file `referrer` leads to.

    It begins with ``..`` if it leaves the root, and ends with ``/`` if it names a folder. A URL
    of nothing but a query or a fragment leads to the file itself.
    """
    path = _QUERY.split(url, maxsplit=1)[0].replace("\\", "/")
    if not path:
        return referrer
    joined = posixpath.join(posixpath.dirname(referrer), unquote(_DOTS.sub(".", path)))
    is_folder = path.endswith(("/", "/.", "/..")) or path in {".", ".."}
    return posixpath.normpath(joined) + "/" * is_folder

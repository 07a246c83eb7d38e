"""The headers that an object is stored with, from its name alone.

The table is our own: `mimetypes` reads the machine's files, so the same asset could be served
with another type when it was published from another image.
"""

import re
from dataclasses import dataclass

# RFC 8246; a year is the longest that RFC 2616 allowed, and what caches expect.
IMMUTABLE = "public, max-age=31536000, immutable"
UNKNOWN = "application/octet-stream"

# IANA's registry; JavaScript by RFC 9239. Text is served as UTF-8: without a charset a browser
# guesses, and the guess differs between browsers.
_TEXT = {
    "css": "text/css",
    "csv": "text/csv",
    "htc": "text/x-component",
    "htm": "text/html",
    "html": "text/html",
    "ics": "text/calendar",
    "cjs": "text/javascript",
    "js": "text/javascript",
    "jsx": "text/plain",
    "less": "text/plain",
    "md": "text/markdown",
    "mjs": "text/javascript",
    "po": "text/plain",
    "pot": "text/plain",
    "rst": "text/plain",
    "sass": "text/plain",
    "scss": "text/plain",
    "styl": "text/plain",
    "ts": "text/plain",
    "tsx": "text/plain",
    "txt": "text/plain",
    "vtt": "text/vtt",
    "vue": "text/plain",
    "yaml": "application/yaml",
    "yml": "application/yaml",
}
_OTHER = {
    "3gp": "video/3gpp",
    "7z": "application/x-7z-compressed",
    "aac": "audio/aac",
    "apng": "image/apng",
    "atom": "application/atom+xml",
    "avif": "image/avif",
    "bin": "application/octet-stream",
    "bmp": "image/bmp",
    "br": "application/octet-stream",
    "bz2": "application/x-bzip2",
    "cur": "image/vnd.microsoft.icon",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "eot": "application/vnd.ms-fontobject",
    "epub": "application/epub+zip",
    "flac": "audio/flac",
    "geojson": "application/geo+json",
    "gif": "image/gif",
    "glb": "model/gltf-binary",
    "gltf": "model/gltf+json",
    "gz": "application/gzip",
    "heic": "image/heic",
    "ico": "image/vnd.microsoft.icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "json5": "application/json5",
    "jsonld": "application/ld+json",
    "jxl": "image/jxl",
    "kml": "application/vnd.google-earth.kml+xml",
    "m4a": "audio/mp4",
    "m4v": "video/mp4",
    "map": "application/json",
    "mkv": "video/matroska",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "ogv": "video/ogg",
    "opus": "audio/ogg",
    "otf": "font/otf",
    "pdf": "application/pdf",
    "png": "image/png",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "ps": "application/postscript",
    "psd": "image/vnd.adobe.photoshop",
    "rar": "application/vnd.rar",
    "rss": "application/rss+xml",
    "rtf": "application/rtf",
    "svg": "image/svg+xml",
    "svgz": "image/svg+xml",
    "swf": "application/x-shockwave-flash",
    "tar": "application/x-tar",
    "tgz": "application/gzip",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "toml": "application/toml",
    "ttc": "font/collection",
    "ttf": "font/ttf",
    "usdz": "model/vnd.usdz+zip",
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "weba": "audio/webm",
    "webm": "video/webm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xhtml": "application/xhtml+xml",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "xsd": "application/xml",
    "xsl": "application/xslt+xml",
    "xslt": "application/xslt+xml",
    "xz": "application/x-xz",
    "zip": "application/zip",
    "zst": "application/zstd",
}
# Files that are text by custom and have no extension.
_PLAIN_NAMES = frozenset(
    "authors bower changelog changes code_of_conduct contributing contributors copying history "
    "licence license license-mit makefile notice ofl patents readme security thanks version".split()
)
# Django puts the hash of a copy before the extension, and without one at the end.
_HASHED_END = re.compile(r"\.[0-9a-f]{12}\Z")
_TYPES = _OTHER | {
    extension: f"{content_type}; charset=utf-8" for extension, content_type in _TEXT.items()
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Headers:
    """What a store answers with beside the bytes; values as in HTTP."""

    content_type: str
    cache_control: str = IMMUTABLE
    content_encoding: str | None = None


def for_path(path: str, *, cache_control: str = IMMUTABLE) -> Headers:
    """Return the headers of the asset with this path."""
    extension = _extension(path)
    return Headers(
        content_type=_known_type(path) or UNKNOWN,
        cache_control=cache_control,
        # SVG 2, "Conforming SVG servers": a .svgz must be served with this encoding.
        content_encoding="gzip" if extension == "svgz" else None,
    )


def is_known(path: str) -> bool:
    """Tell whether the table has a content type for this path."""
    return _known_type(path) is not None


def _known_type(path: str) -> str | None:
    name = _HASHED_END.sub("", path.rpartition("/")[2])
    if name.lower() in _PLAIN_NAMES:
        return _TYPES["txt"]
    return _TYPES.get(_extension(path))


def _extension(path: str) -> str:
    _, dot, extension = path.rpartition("/")[2].rpartition(".")
    return extension.lower() if dot else ""

"""What a version and a path may be, and the key of everything in the store."""

import re
from dataclasses import dataclass
from typing import Literal

from static_releases.core.errors import InvalidPath, InvalidSetting, InvalidVersion

Document = Literal["claim", "seal", "cleared", "retired", "verdict"]

RELEASES = "_releases"
PINS = "_pins"
SHARED = "_shared"
# What `doctor` tries a store with.
PROBES = "_doctor"
MAX_VERSION_LENGTH = 128
MAX_KEY_BYTES = 1024  # S3's and Google's limit, in UTF-8; Azure counts characters

VERSION = r"[0-9A-Za-z](?:[0-9A-Za-z._-]{0,126}[0-9A-Za-z_-])?"
_VERSION = re.compile(VERSION)
_DOCUMENT = re.compile(
    rf"{RELEASES}/(?P<version>{VERSION})/"
    r"(?P<document>claim|seal|cleared|retired|verdict)-(?P<number>[1-9][0-9]*)\.json(?:\.gz)?"
)
_PIN_NAME = r"[0-9A-Za-z](?:[0-9A-Za-z._-]{0,62}[0-9A-Za-z_-])?"
_PIN = re.compile(rf"{PINS}/(?P<name>{_PIN_NAME})/(?P<number>[0-9]{{6,}})(?P<held>-held)?\.json")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# Names that are moved from release to release, or name an environment instead of a release.
MUTABLE_VERSIONS = frozenset(
    "current dev develop development edge head latest live main master nightly prod production "
    "qa release stable stage staging test testing trunk".split()
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentKey:
    """One of the small documents that make a version's history."""

    version: str
    document: Document
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PinKey:
    """One entry of a name's log, or the small object that says whether it holds."""

    name: str
    number: int
    is_held: bool


def check_version(version: str) -> str:
    """Return the version, or raise `InvalidVersion` saying which rule it breaks.

    The rule is a Docker tag's, less a dot at the end, which Azure refuses; a name that begins
    with ``_`` is never a version, so the package's own folders can't collide with one.
    """
    if _VERSION.fullmatch(version):
        return version
    raise InvalidVersion(f"{_shown(version)} can't be a version: {_fault(version)}.")


def _fault(version: str) -> str:
    if not version:
        return "it is empty; set RELEASE_VERSION or the option `version`, such as v1.2.3"
    if len(version) > MAX_VERSION_LENGTH:
        return f"it has {len(version)} characters, and at most {MAX_VERSION_LENGTH} are allowed"
    if version[0] in "._-":
        return "it begins with " + repr(version[0]) + "; begin with a letter or a digit"
    if version.endswith("."):
        return "it ends with a dot, which Azure refuses"
    bad = next(c for c in version if not re.fullmatch(r"[0-9A-Za-z._-]", c))
    return f"it holds {bad!r}; letters, digits, '.', '_' and '-' are allowed"


def _shown(text: str, limit: int = 60) -> str:
    return repr(text if len(text) <= limit else text[:limit] + "...")


def looks_mutable(version: str) -> bool:
    """Tell whether the name sounds like something that is moved from release to release."""
    return version.lower() in MUTABLE_VERSIONS


def check_path(path: str) -> str:
    """Return the asset path, or raise `InvalidPath` saying what is wrong with it.

    Paths are POSIX and relative. Refused is what some store or browser would take for another
    path: empty and dot segments, control characters, and the backslash, which a URL parser
    turns into a slash (WHATWG URL, "special" schemes).
    """
    fault = _path_fault(path)
    if fault:
        raise InvalidPath(f"The file {_shown(path, 200)} can't be published: {fault}.")
    return path


def is_reserved(path: str) -> bool:
    """Tell whether the path lies where a store keeps its own documents, and no release's file."""
    return path.startswith((f"{RELEASES}/", f"{PINS}/"))


def _path_fault(path: str) -> str | None:
    if not path or any(segment in {"", ".", ".."} for segment in path.split("/")):
        return "its path is not a plain relative one"
    if is_reserved(path):
        return (
            f"the folder {path.partition('/')[0]}/ is where a store keeps its own documents; "
            "rename it"
        )
    try:
        path.encode()
    except UnicodeEncodeError:
        return "its name is not valid UTF-8; rename it"
    if _CONTROL.search(path):
        return "its name holds a control character; rename it"
    if "\\" in path:
        return "its name holds a backslash, which browsers take for a slash; rename it"
    return None


def release_folder(version: str) -> str:
    """Return the folder of a release's assets, without a slash at the end."""
    return check_version(version)


def asset_key(version: str, path: str) -> str:
    """Return the key of an asset in the layout ``folder``."""
    key = f"{release_folder(version)}/{check_path(path)}"
    if len(key.encode()) > MAX_KEY_BYTES:
        raise InvalidPath(
            f"The file {_shown(path, 200)} can't be published: its key would have "
            f"{len(key.encode())} bytes, and stores allow {MAX_KEY_BYTES}."
        )
    return key


def history_folder(version: str) -> str:
    """Return the folder of a version's documents, without a slash at the end."""
    return f"{RELEASES}/{check_version(version)}"


def document_key(version: str, document: Document, number: int) -> str:
    """Return the key of a version's claim, seal or mark with this number."""
    suffix = ".json.gz" if document == "claim" else ".json"
    return f"{history_folder(version)}/{document}-{number}{suffix}"


def parse_document_key(key: str) -> DocumentKey | None:
    """Return what `document_key` was given, or None for a key that it never makes."""
    match = _DOCUMENT.fullmatch(key)
    if match is None:
        return None
    document: Document = match["document"]  # type: ignore[assignment]
    parsed = DocumentKey(version=match["version"], document=document, number=int(match["number"]))
    made = document_key(parsed.version, parsed.document, parsed.number)
    return parsed if made == key else None


def check_pin_name(name: str) -> str:
    """Return the name, or raise `InvalidSetting` saying what a pin may be called."""
    if re.fullmatch(_PIN_NAME, name):
        return name
    raise InvalidSetting(
        f"{_shown(name)} can't be a pin's name: up to 64 letters, digits, '.', '_' and '-' are "
        "allowed, with a letter or a digit first and no dot at the end, such as production."
    )


def pin_key(name: str, number: int) -> str:
    """Return the key of a name's entry with this number."""
    return f"{PINS}/{check_pin_name(name)}/{number:06}.json"


def held_key(name: str, number: int) -> str:
    """Return the key of the object that says whether this entry holds."""
    return f"{PINS}/{check_pin_name(name)}/{number:06}-held.json"


def parse_pin_key(key: str) -> PinKey | None:
    """Return what `pin_key` or `held_key` was given, or None for a key that they never make."""
    match = _PIN.fullmatch(key)
    if match is None:
        return None
    parsed = PinKey(name=match["name"], number=int(match["number"]), is_held=bool(match["held"]))
    made = (held_key if parsed.is_held else pin_key)(parsed.name, parsed.number)
    return parsed if parsed.number > 0 and made == key else None

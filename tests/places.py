"""What the tests of stores and releases share: opening a place, trees of files, reading back."""

import hashlib
import uuid
from collections.abc import Mapping
from pathlib import Path

from static_releases.core import address, collecting, planning, publishing
from static_releases.core.collecting import Collected
from static_releases.core.documents import Claim
from static_releases.core.store import Store
from tests.servers.serving import Place

# Names that a store, a signature, a URL or a browser may get wrong.
ODD_NAMES = (
    "with space.css",
    "100%.css",
    "100%25.css",
    "a%20b.js",
    "hash#tag.js",
    "what?.js",
    "one+two.js",
    'it\'s "quoted".css',
    "ünï/cødé/中文.svg",
    "emoji-🎉.png",
    "a&b=c;d,e:f@g!$(h)*~.txt",
    "[brackets]{braces}^`|<>.txt",
    "-dash/.dot/_under",
    "x" * 200 + "/" + "y" * 200 + ".css",
)


def open_store(place: Place) -> Store:
    """Open the place; a memory store gets a name of its own."""
    url = f"memory:{uuid.uuid4().hex}" if place.kind == "memory" else place.url
    return Store(address.parse(url), place.options)


def write_tree(directory: Path, files: Mapping[str, bytes]) -> Path:
    """Write these files below the directory."""
    for path, body in files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    return directory


def collect(directory: Path) -> Collected:
    """Read a directory into assets."""
    return collecting.read(collecting.walk(directory))


def some_files(count: int, *, seed: str = "") -> dict[str, bytes]:
    """Return files of a few sizes, each with other bytes."""
    return {
        f"app{n % 7}/file-{n}.{('js', 'css', 'svg')[n % 3]}": hashlib.sha256(
            f"{seed}{n}".encode()
        ).digest()
        * (1 + n % 40)
        for n in range(count)
    }


def leave_unfinished(store: Store, collected: Collected, sent: int = 7) -> Claim:
    """Leave what a publisher leaves that was killed after its first uploads."""
    planned = planning.plan(store, "v1", collected.manifest)
    claim = publishing._claim(store, planned, "killed")
    for asset in collected.manifest.assets[:sent]:
        body = collected.files[asset.path].read_bytes()
        store.create(f"v1/{asset.path}", body, asset.headers)
    return claim

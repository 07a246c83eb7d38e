"""`python -m tests.servers azure|s3|gcs`: one server for a demo, until stdin closes or SIGTERM.

Prints one line of JSON when objects can be written: `store`, `store_options`, `base_url`.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.kinds import BY_STORE
from tests.servers.processes import ServerUnavailable
from tests.servers.serving import own_room

if TYPE_CHECKING:
    from tests.servers.processes import Room
    from tests.servers.serving import Server


def describe(server: Server) -> str:
    """Return what a publisher and a site need to use the server."""
    return json.dumps(
        {
            "store": server.store_url,
            "store_options": server.store_options,
            "base_url": server.public_url,
        }
    )


def serve(room: Room, kind: str) -> None:
    """Start the server, say where it is, and stay until nobody needs it."""
    print(describe(BY_STORE[kind].start(room)), flush=True)
    sys.stdin.read()


def main() -> None:
    """Run the server named on the command line; nothing of it stays."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument("kind", choices=sorted(BY_STORE))
    kind = parser.parse_args().kind
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="servers-", ignore_cleanup_errors=True) as folder:
        room = own_room(Path(folder))
        try:
            serve(room, kind)
        except ServerUnavailable as error:
            sys.exit(str(error))
        except KeyboardInterrupt:
            pass
        finally:
            room.stop_all()


if __name__ == "__main__":
    main()

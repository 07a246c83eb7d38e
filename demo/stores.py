"""Where the demo publishes: a folder, or a real server that speaks a cloud's protocol."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from azure.storage.blob import BlobServiceClient, CorsRule

from demo.site import WORK
from demo.stage import DemoError

Kind = Literal["file", "azure", "s3"]

# The variables that each cloud's own tools read, and so the store: the settings know none of them.
PREFIXES = {"azure": "AZURE_STORAGE_", "s3": "AWS_"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the environment of a build, and that of a web worker, says about the store."""

    to_serve: dict[str, str]
    credentials: dict[str, str]

    @property
    def stays(self) -> bool:
        """Tell whether the store is still there when the demo has ended."""
        return not self.credentials

    @property
    def to_publish(self) -> dict[str, str]:
        return self.to_serve | self.credentials


@contextmanager
def opened(kind: Kind) -> Iterator[Place]:
    if kind == "file":
        yield Place(to_serve={"STATIC_STORE": (WORK / "releases").as_uri()}, credentials={})
        return
    command = [sys.executable, "-m", "tests.servers", kind]
    here = Path(__file__).resolve().parent.parent
    pipe = subprocess.PIPE
    # It lives until its standard input closes, at the end of the block; in a session of its own,
    # so that a Ctrl-C reaches the demo alone.
    with subprocess.Popen(
        command, cwd=here, text=True, stdin=pipe, stdout=pipe, start_new_session=True
    ) as server:
        told = read(kind, next(iter(server.stdout or ()), ""))
        if kind == "azure":
            allow_every_origin(told["store_options"])
        yield described(kind, told)


def read(kind: Kind, line: str) -> dict[str, Any]:
    if not line:
        raise DemoError(f"The {kind} server did not start: python -m tests.servers {kind}")
    told: dict[str, Any] = json.loads(line)
    return told


def allow_every_origin(options: dict[str, str]) -> None:
    """Give the account its CORS rule, as once in its life; without it no font crosses origins."""
    credential = {name: options[name] for name in ("account_name", "account_key")}
    with BlobServiceClient(options["endpoint"], credential) as account:
        account.set_service_properties(cors=[CorsRule(["*"], ["GET", "HEAD"])])


def described(kind: Kind, told: dict[str, Any]) -> Place:
    options = {k: v for k, v in told["store_options"].items() if isinstance(v, str)}
    return Place(
        to_serve={"STATIC_STORE": told["store"], "STATIC_BASE_URL": told["base_url"]},
        credentials={PREFIXES[kind] + name.upper(): value for name, value in options.items()},
    )

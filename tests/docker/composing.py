"""`example/compose.yaml` without a bridge network: each service has a loopback address instead.

The file stays as it is; a second one gives every service the machine's own network, and the names
of the others as addresses of 127.0.0.0/8, on which the ports are the same as in the first. Images
that no registry gives here are stood in for.
"""

from __future__ import annotations

import random
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.docker import balancer
from tests.docker.images import EXAMPLE
from tests.servers import node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.docker.engine import Engine
    from tests.docker.images import Images
    from tests.projects import Finished

FILE = EXAMPLE / "compose.yaml"
ENDS_WITHIN_SECONDS = 60
NAMES = ("azurite", "site-old", "site-new", "cdn")
OVERRIDE = """
x-host: &host
  network_mode: host
  extra_hosts: {hosts}
services:
  azurite:
    <<: *host
    image: {python_image}
    command: [node, /node_modules/azurite/dist/src/blob/main.js, --blobHost, {azurite},
      --silent, --inMemoryPersistence, --skipApiVersionCheck, --disableTelemetry]
    volumes: ["{node}:/usr/local/bin/node:ro", "{node_modules}:/node_modules:ro"]
  container:
    <<: *host
    image: {container_image}
    build: !reset null
  publish:
    <<: *host
    image: {site_image}
    build: !reset null
  site-old:
    <<: *host
    image: {site_image}
    environment: {{ALLOWED_HOSTS: "*", GUNICORN_CMD_ARGS: "--bind {site_old}:8000"}}
  site-new:
    <<: *host
    image: {site_image}
    environment: {{ALLOWED_HOSTS: "*", GUNICORN_CMD_ARGS: "--bind {site_new}:8000"}}
  cdn:
    <<: *host
    image: {nginx_image}
    command: [nginx, -g, daemon off;]
    ports: !reset []
    volumes: ["{cdn_conf}:/etc/nginx/conf.d/default.conf:ro"]
  verify:
    <<: *host
    image: {site_image}
"""


@dataclass(frozen=True, kw_only=True)
class Composed:
    """The services of the file, running."""

    engine: Engine
    project: str
    override: Path
    address: str

    def compose(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Finished:
        """Run ``docker compose`` for these services."""
        files = ("--file", str(FILE), "--file", str(self.override))
        return self.engine.docker(
            *("compose", "--project-name", self.project, *files, *arguments),
            environment=environment,
        )

    def status_at_the_end(self, service: str) -> int:
        """Return the exit status of a service that ends, when it isn't started once more."""
        form = "{{.State.Status}} {{.State.ExitCode}}"
        deadline = time.monotonic() + ENDS_WITHIN_SECONDS
        while True:
            state, status = self.engine.said(
                "inspect", "--format", form, f"{self.project}-{service}-1"
            ).split()
            if state == "exited":
                return int(status)
            assert time.monotonic() < deadline, f"{service} is {state}"
            time.sleep(0.2)

    def url(self, port: int) -> str:
        """Return where a port of the file is, without a slash at the end."""
        return f"http://{self.address}:{port}"


def services() -> dict[str, Any]:
    """Return the services that the file describes."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]
    return found


@contextmanager
def up(images: Images, folder: Path) -> Iterator[Composed]:
    """Bring the services up, and take them down with the end of the block."""
    addresses = dict(zip(NAMES, _loopback_addresses(len(NAMES)), strict=True))
    composed = Composed(
        engine=images.engine,
        project=f"static-releases-test-{uuid.uuid4().hex[:12]}",
        override=folder / "override.yaml",
        address=addresses["cdn"],
    )
    composed.override.write_text(_override(images, folder, addresses))
    try:
        done = composed.compose("up", "--detach")
        assert done.status == 0, done.err + composed.compose("logs", "--no-color").out
        yield composed
    finally:
        composed.compose("down", "--volumes", "--timeout", "5")


def _override(images: Images, folder: Path, addresses: Mapping[str, str]) -> str:
    balancer.build(images, folder / "nginx")
    built = images.build(dockerfile="Dockerfile.publish-later")
    assert built.status == 0, built.log
    cdn_conf = folder / "cdn.conf"
    conf = (EXAMPLE / "nginx" / "cdn.conf").read_text()
    cdn_conf.write_text(conf.replace("listen 80", f"listen {addresses['cdn']}:80"))
    return OVERRIDE.format(
        hosts=[f"{name}:{address}" for name, address in addresses.items()],
        python_image=images.engine.python_image,
        node=node.find_node().program,
        node_modules=node.install_packages(),
        container_image=_container_image(images, folder / "container"),
        nginx_image=balancer.IMAGE,
        site_image=built.image,
        cdn_conf=cdn_conf,
        azurite=addresses["azurite"],
        site_old=addresses["site-old"],
        site_new=addresses["site-new"],
    )


def _container_image(images: Images, context: Path) -> str:
    """Build the image that makes the container, on the Python image that is there."""
    text: str = services()["container"]["build"]["dockerfile_inline"]
    mount = "RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf pip"
    text = text.replace("FROM python:3.13-slim", "ARG PYTHON_IMAGE\nFROM ${PYTHON_IMAGE}")
    context.mkdir()
    (context / "Dockerfile").write_text(text.replace("RUN pip", mount))
    built = images.build(context)
    assert built.status == 0, built.log
    return built.image


def _loopback_addresses(count: int) -> list[str]:
    """Return addresses of a small net of loopback that nobody else is likely to use."""
    net = f"127.{random.randrange(64, 255)}.{random.randrange(256)}"
    return [f"{net}.{number}" for number in range(1, count + 1)]

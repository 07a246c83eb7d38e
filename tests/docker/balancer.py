"""nginx in a container: what stands before the site, and changes which containers are asked."""

from __future__ import annotations

import time
import urllib.request
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.docker.engine import NETWORK
from tests.servers.processes import free_ports, listens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.docker.engine import Engine
    from tests.docker.images import Images

IMAGE = "static-releases-test-nginx"
READY_WITHIN_SECONDS = 30
DOCKERFILE = """
FROM {python_image}
RUN apt-get -q update \\
    && apt-get -q install --yes --no-install-recommends nginx-light \\
    && rm /etc/nginx/sites-enabled/default
"""
CONFIGURATION = """
worker_processes 2;
pid /tmp/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    upstream site {{
        {servers}
    }}
    server {{
        listen 127.0.0.1:{port};
        location = /generation {{
            return 200 "{generation}";
        }}
        {store}
        location / {{
            proxy_pass http://site;
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""
STORE = """location /static/ {{
            proxy_pass {url}/;
        }}"""


@dataclass(kw_only=True)
class Balancer:
    """A running nginx. With ``store_url`` it takes /static/ from there, else from the site."""

    engine: Engine
    name: str
    folder: Path
    port: int
    store_url: str | None
    generation: int = 0

    @property
    def url(self) -> str:
        """Where the site is reached, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def write(self, ports: Sequence[int]) -> None:
        """Write the configuration that passes pages on to these ports."""
        self.generation += 1
        text = CONFIGURATION.format(
            servers=" ".join(f"server 127.0.0.1:{port};" for port in ports),
            port=self.port,
            generation=self.generation,
            store=STORE.format(url=self.store_url.rstrip("/")) if self.store_url else "",
        )
        part = self.folder / "nginx.conf.part"
        part.write_text(text)
        part.rename(self.folder / "nginx.conf")

    def point_to(self, ports: Sequence[int]) -> None:
        """Pass pages on to these ports from now on; requests under way end as they began."""
        self.write(ports)
        self.engine.said(
            "exec", self.name, "nginx", "-c", "/configuration/nginx.conf", "-s", "reload"
        )
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while self._answers() != self.generation:
            assert time.monotonic() < deadline, self.engine.docker("logs", self.name).err
            time.sleep(0.05)

    def _answers(self) -> int:
        with urllib.request.urlopen(f"{self.url}/generation", timeout=5) as answer:
            return int(answer.read())


@contextmanager
def running(
    images: Images, folder: Path, ports: Sequence[int], *, store_url: str | None
) -> Iterator[Balancer]:
    """Run nginx before these ports until the block ends."""
    build(images, folder / "image")
    configuration = folder / "configuration"
    configuration.mkdir()
    [port] = free_ports(1)
    balancer = Balancer(
        engine=images.engine,
        name=f"{IMAGE}-{uuid.uuid4().hex[:12]}",
        folder=configuration,
        port=port,
        store_url=store_url,
    )
    balancer.write(ports)
    images.engine.said(
        *("run", "--detach", "--name", balancer.name, *NETWORK),
        *("--volume", f"{configuration}:/configuration:ro", IMAGE),
        *("nginx", "-c", "/configuration/nginx.conf", "-g", "daemon off;"),
    )
    try:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not listens(port):
            assert time.monotonic() < deadline, images.engine.docker("logs", balancer.name).err
            time.sleep(0.05)
        yield balancer
    finally:
        images.engine.said("rm", "--force", "--volumes", balancer.name)


def build(images: Images, context: Path) -> None:
    """Build `IMAGE`, a stand-in for the official image of nginx."""
    context.mkdir(parents=True)
    text = DOCKERFILE.format(python_image=images.engine.python_image)
    (context / "Dockerfile").write_text(text)
    images.engine.said("build", *NETWORK, "--tag", IMAGE, str(context))

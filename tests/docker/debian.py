"""A Docker engine unpacked from Debian's packages, and a stand-in for `python:3-slim`.

For a machine that has no engine, or whose engine reaches no registry. Everything lies in one
folder and is kept between runs; the system gets only the tools that the engine calls by name.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import zlib
from pathlib import Path

from filelock import FileLock

from tests.servers.processes import ServerUnavailable

# The first suite whose engine has heredocs, `COPY --link` and named contexts; it runs on the one
# before too.
SUITE = "trixie"
ENGINE_PACKAGES = ("docker.io", "docker-cli", "docker-buildx", "docker-compose", "containerd")
PLUGINS = ("docker-buildx", "docker-compose")
TOOLS = ("runc", "iptables", "mmdebstrap", "xz-utils", "ca-certificates")
APT = ("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
STAND_IN = "static-releases-test-python"
STAND_IN_PACKAGES = "ca-certificates,python3,python3-venv,python3-pip,netbase,tzdata"
# As in the official image: `python` and `pip` by these names, and pip may install. The machine's
# own certificates, because pip is to reach the index as the machine itself does.
STAND_IN_HOOKS = (
    'rm -f "$1"/usr/lib/python3.*/EXTERNALLY-MANAGED',
    'ln -s /usr/bin/python3 "$1"/usr/local/bin/python3',
    'ln -s /usr/bin/python3 "$1"/usr/local/bin/python',
    'ln -s /usr/bin/pip3 "$1"/usr/local/bin/pip',
    f'cp -L {CA_BUNDLE} "$1"{CA_BUNDLE}',
    f'printf "[global]\\ncert = {CA_BUNDLE}\\n" > "$1"/etc/pip.conf',
    'rm -f "$1"/etc/resolv.conf "$1"/etc/hostname',
    'rm -rf "$1"/usr/share/locale/* "$1"/usr/share/man/* "$1"/var/log/*',
)


def why_not() -> str:
    """Return why this machine can't have an engine of ours, or an empty string."""
    if shutil.which("apt-get") is None or platform.freedesktop_os_release().get("ID") != "debian":
        return "this machine isn't Debian"
    if os.geteuid() != 0:
        return "setting one up from Debian's packages needs root"
    return ""


def unpack_engine(folder: Path) -> Path:
    """Return the folder that holds `usr/bin/dockerd` and the rest, unpacked once.

    Safe to call from many processes at once.
    """
    engine, mark = folder / "engine", folder / "engine" / ".packages"
    wanted = " ".join((SUITE, *ENGINE_PACKAGES))
    with _alone(folder):
        if not mark.exists() or mark.read_text() != wanted:
            _install_tools()
            shutil.rmtree(engine, ignore_errors=True)
            _unpack(folder, engine)
            mark.write_text(wanted)
    return engine


def stand_in(folder: Path) -> Path:
    """Return a tarball of a root file system with the system's Python, made once."""
    tarball, part = folder / "base.tar", folder / "base.part.tar"
    with _alone(folder):
        if not tarball.exists():
            _install_tools()
            part.unlink(missing_ok=True)
            hooks = [f"--customize-hook={hook}" for hook in STAND_IN_HOOKS]
            suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
            _run(
                *("mmdebstrap", "--mode=root", "--variant=minbase", "--quiet"),
                *(f"--include={STAND_IN_PACKAGES}", "--dpkgopt=force-unsafe-io", *hooks),
                *(suite, str(part), _mirror()),
            )
            part.rename(tarball)
    return tarball


def socket(folder: Path) -> Path:
    """Return where the folder's engine listens: a socket's path must be short."""
    return Path(f"/run/static-releases-{zlib.crc32(str(folder).encode()):08x}.sock")


def dockerd(folder: Path, engine: Path) -> list[str]:
    """Return the command that runs the folder's engine, one at a time.

    No bridge and no firewall rules, so nothing of the machine's network is changed: builds and
    containers take the machine's own. What it mounts is gone with it.
    """
    at = socket(folder)
    return [
        *("flock", "--no-fork", "--wait", "50", str(folder / "running.lock")),
        *("unshare", "--mount", str(engine / "usr/sbin/dockerd")),
        *("--data-root", str(folder / "data"), "--exec-root", str(at.with_suffix(""))),
        *("--pidfile", str(at.with_suffix(".pid")), "--host", f"unix://{at}"),
        *("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none"),
        *("--default-ulimit", "nofile=4096:4096"),
    ]


def environment(folder: Path, engine: Path) -> dict[str, str]:
    """Return what a `docker` command needs in its environment to use the folder's engine."""
    config = folder / "config"
    (config / "cli-plugins").mkdir(parents=True, exist_ok=True)
    for name in PLUGINS:
        link = config / "cli-plugins" / name
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(engine / "usr/libexec/docker/cli-plugins" / name)
    return {
        "DOCKER_HOST": f"unix://{socket(folder)}",
        "DOCKER_CONFIG": str(config),
        "PATH": os.pathsep.join(
            [str(engine / "usr/bin"), str(engine / "usr/sbin"), os.environ["PATH"]]
        ),
    }


def _alone(folder: Path) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "set-up.lock")


def _install_tools() -> None:
    missing = [name for name in TOOLS if not _is_installed(name)]
    if missing:
        _run(*APT, "update")
        _run(*APT, "install", "--no-install-recommends", *missing)


def _is_installed(package: str) -> bool:
    asked = ["dpkg-query", "-W", "-f", "${db:Status-Status}", package]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return said == "installed"


def _unpack(folder: Path, engine: Path) -> None:
    """Download the engine's packages with lists of their own, and unpack them."""
    apt = folder / "apt"
    shutil.rmtree(apt, ignore_errors=True)
    for name in ("lists/partial", "cache/archives/partial", "debs"):
        (apt / name).mkdir(parents=True)
    sources = apt / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n")
    own_lists = (
        *("-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-"),
        *("-o", f"Dir::State::lists={apt}/lists", "-o", f"Dir::Cache={apt}/cache"),
        *("-o", "APT::Sandbox::User=root"),
    )
    _run("apt-get", "-q", *own_lists, "update")
    _run("apt-get", "-q", *own_lists, "download", *ENGINE_PACKAGES, cwd=apt / "debs")
    for package in sorted((apt / "debs").glob("*.deb")):
        _run("dpkg", "-x", str(package), str(engine))
    shutil.rmtree(apt)


def _mirror() -> str:
    """Return the mirror that this machine's apt uses; apt names none before its first update."""
    for attempt in range(2):
        if attempt:
            _run(*APT, "update")
        said = _run("apt-get", "indextargets", "--format", "$(COMPONENT) $(REPO_URI)")
        if found := re.search(r"^main (\S+?)/?$", said, re.MULTILINE):
            return found[1]
    raise ServerUnavailable("this machine's apt has no source of Debian's main component")


def _run(*command: str, cwd: Path | None = None) -> str:
    """Run a command; return what it said, or raise with the end of it."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServerUnavailable(
            f"`{' '.join(command[:2])}` ended with {done.returncode}: "
            f"{' '.join((done.stderr or done.stdout).split())[-800:]}"
        )
    return done.stdout

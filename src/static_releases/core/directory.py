"""A directory that files are written into, and never outside of it.

Everything goes by descriptors of folders, opened without following links: a link that leads out
is refused, also one that is put there meanwhile. Each file appears under its name whole.
"""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from static_releases.core.errors import DirectoryError

# Files come here first and are then moved to their names; it is gone when the directory is left.
PARTIAL = ".static-releases-partial"
_PARTIAL_NAME = re.compile(r"[0-9a-f]{32}")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK_BYTES = 1024 * 1024


class Directory:
    """An open directory; paths are POSIX, relative, without empty and dot segments."""

    def __init__(self, path: Path, folder: int, partial: int) -> None:
        self.path = path
        self._folder = folder
        self._partial = partial

    def files(self) -> set[str]:
        """Return the path of everything below that is no folder, links not followed."""
        with self._named(""):
            return set(_entries(self._folder, ""))

    def digest(self, path: str) -> str:
        """Return the sha256 of a file's bytes, or raise `DirectoryError` if it isn't a file."""
        digest = hashlib.sha256()
        with self._named(path), self._parent(path) as (parent, name), _opened(parent, name) as file:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise DirectoryError(f"{self.path / path} is not a regular file: remove it.")
            while chunk := os.read(file, _CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Write a file that isn't there. If ``chunks`` raises, nothing is."""
        partial = secrets.token_hex(16)
        try:
            with self._named(path):
                file = os.open(partial, _NEW_FILE, 0o666, dir_fd=self._partial)
                with os.fdopen(file, "wb") as stream:
                    for chunk in chunks:
                        stream.write(chunk)
                with self._parent(path) as (parent, name):
                    os.rename(partial, name, src_dir_fd=self._partial, dst_dir_fd=parent)
        except BaseException:
            with suppress(OSError):
                os.unlink(partial, dir_fd=self._partial)
            raise

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        """Open the folder that a file is in, made if need be, and give the file's name."""
        *folders, name = path.split("/")
        at = os.dup(self._folder)
        try:
            for folder in folders:
                with suppress(FileExistsError):
                    os.mkdir(folder, dir_fd=at)
                below = os.open(folder, _FOLDER, dir_fd=at)
                os.close(at)
                at = below
            yield at, name
        finally:
            os.close(at)

    @contextmanager
    def _named(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _failed(self.path / path, error) from error


@contextmanager
def opened(path: Path) -> Iterator[Directory]:
    """Open a directory, made if need be, for one writer at a time; raise `DirectoryError`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _failed(path, error) from error
    with _closing(folder), _partial(path, folder) as partial:
        yield Directory(path, folder, partial)


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    """Close a descriptor at the end, but not after Ctrl-C.

    Then threads may still write by its number, which must not become another folder's. The
    process ends soon.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)


@contextmanager
def _partial(path: Path, folder: int) -> Iterator[int]:
    try:
        with suppress(FileExistsError):
            os.mkdir(PARTIAL, dir_fd=folder)
        partial = os.open(PARTIAL, _FOLDER, dir_fd=folder)
    except OSError as error:
        raise _failed(path / PARTIAL, error) from error
    with _closing(partial):
        _lock(path, partial)
        try:
            _clear(partial)
            yield partial
        finally:
            _clear(partial)
            with suppress(OSError):
                os.rmdir(PARTIAL, dir_fd=folder)


def _lock(path: Path, partial: int) -> None:
    try:
        fcntl.flock(partial, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DirectoryError(f"{path} is being written by another process: wait for it.") from error


def _clear(partial: int) -> None:
    """Delete what an interrupted writer left, and nothing else."""
    for name in os.listdir(partial):
        if _PARTIAL_NAME.fullmatch(name):
            with suppress(OSError):
                os.unlink(name, dir_fd=partial)


def _entries(folder: int, prefix: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        path = prefix + entry.name
        if path == PARTIAL:
            continue
        if entry.is_dir(follow_symlinks=False):
            below = os.open(entry.name, _FOLDER, dir_fd=folder)
            try:
                yield from _entries(below, f"{path}/")
            finally:
                os.close(below)
        else:
            yield path


@contextmanager
def _opened(parent: int, name: str) -> Iterator[int]:
    file = os.open(name, _FILE, dir_fd=parent)
    try:
        yield file
    finally:
        os.close(file)


def _failed(path: Path, error: OSError) -> DirectoryError:
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return DirectoryError(
            f"{path} or a folder above it is a link or a file: remove it, or name another "
            "directory. Nothing is written through links."
        )
    return DirectoryError(f"{path} can't be written or read: {error.strerror or error}.")

"""Django's collectstatic, which publishes at its end exactly what it collected."""

import errno
import filecmp
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import STATICFILES_STORAGE_ALIAS
from django.contrib.staticfiles.management.commands import collectstatic
from django.core.files.storage import storages
from django.core.management.base import CommandError

from static_releases import cli, examination, releasing
from static_releases.core.configuration import Configuration
from static_releases.core.errors import StaticReleasesError, UnreadableAsset
from static_releases.core.findings import Finding
from static_releases.management.commands.staticreleases import plain
from static_releases.storage import ReleaseStaticFilesStorage
from static_releases.terminal import Terminal, forgive


class Command(collectstatic.Command):
    """Collect as Django does, then publish; ``--dry-run`` says what would be published."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sources: dict[str, tuple[Any, str]] = {}
        self._post_processed: set[str] = set()

    def run_from_argv(self, argv: list[str]) -> None:
        with cli.leaving_when_stopped():
            super().run_from_argv(argv)

    def handle(self, **options: Any) -> None:
        storage = self._storage_with_store()
        if storage is None:
            self._collect(options)
            return
        forgive(plain(self.stdout))
        with _as_command_error():
            if storage.publish_on_collect:
                storage.configuration.require_version()
            storage.configuration.require_apart(Path(storage.path("")))
            with _naming_files(), _publishing(storage):
                self._collect(options)
        if storage.publish_on_collect:
            self._publish(storage)

    def _collect(self, options: Mapping[str, Any]) -> None:
        summary = super().handle(**options)
        if summary:
            self.stdout.write(summary)

    def _storage_with_store(self) -> ReleaseStaticFilesStorage | None:
        storage = storages[STATICFILES_STORAGE_ALIAS]
        if isinstance(storage, ReleaseStaticFilesStorage) and storage.configuration.has_store:
            return storage
        return None

    def collect(self) -> Any:
        """Collect, and note what the storage's post-processing makes of it."""
        if not hasattr(self.storage, "post_process"):
            return super().collect()
        post_process = self.storage.post_process
        self.storage.post_process = self._noting(post_process)
        try:
            return super().collect()
        finally:
            del self.storage.post_process

    def _noting(self, post_process: Callable[..., Any]) -> Callable[..., Any]:
        def noting(paths: Any, **options: Any) -> Iterator[Any]:
            for original, made, outcome in post_process(paths, **options):
                if made and not isinstance(outcome, Exception):
                    self._post_processed.add(made)
                yield original, made, outcome
            self._post_processed.update(getattr(self.storage, "written", ()))

        return noting

    def delete_file(self, path: str, prefixed_path: str, source_storage: Any) -> bool:
        """Tell whether the file is to be collected, as Django does, but never by times alone.

        Django leaves a copy in STATIC_ROOT that is as new as its source. A source with an older
        time and other bytes (a restored cache, ``COPY``, ``cp -p``) would be published as it was.
        """
        if super().delete_file(path, prefixed_path, source_storage):
            return True
        if self._storage_with_store() is None or self._is_same(path, prefixed_path, source_storage):
            return False
        self.unmodified_files.remove(prefixed_path)
        if not self.dry_run:
            self.storage.delete(prefixed_path)
        return True

    def _is_same(self, path: str, prefixed_path: str, source_storage: Any) -> bool:
        source, copy = examination.on_disk(source_storage, path), self.storage.path(prefixed_path)
        if source is not None:
            return source.samefile(copy) or filecmp.cmp(source, copy, shallow=False)
        with source_storage.open(path) as stream:
            return bool(stream.read() == Path(copy).read_bytes())

    def copy_file(self, path: str, prefixed_path: str, source_storage: Any) -> Any:
        self._remember(path, prefixed_path, source_storage)
        return super().copy_file(path, prefixed_path, source_storage)

    def link_file(self, path: str, prefixed_path: str, source_storage: Any) -> Any:
        self._remember(path, prefixed_path, source_storage)
        return super().link_file(path, prefixed_path, source_storage)

    def _remember(self, path: str, prefixed_path: str, source_storage: Any) -> None:
        """Note what is collected: each path once, with where it comes from."""
        file = examination.on_disk(source_storage, path)
        if file is not None and file.exists() and not file.is_file():
            # Django would open it: a pipe never ends, and a device ends with the disk.
            raise CommandError(f"{prefixed_path} can't be collected: {file} is no regular file.")
        self._sources.setdefault(prefixed_path, (source_storage, path))

    def _publish(self, storage: ReleaseStaticFilesStorage) -> None:
        config = storage.configuration
        out = Terminal(output=plain(self.stdout), errors=plain(self.stderr))
        with _as_command_error():
            config.require_outside(self._origins().values())
            if not self.dry_run:
                releasing.publish(
                    config, self._collected(storage), out, examine=self._examine, ask="record"
                )
            elif self.post_process and _is_post_processing(storage):
                out.line(
                    "What would be published isn't told: a dry run doesn't post-process. Collect "
                    "with `publish_on_collect=False`, then `staticreleases publish --dry-run`."
                )
            else:
                with self._as_files() as files:
                    releasing.plan(config, files, out, examine=self._examine, ask="record")

    def _examine(self, config: Configuration, files: Mapping[str, Path]) -> list[Finding]:
        return examination.find(config, files, self._origins())

    def _origins(self) -> dict[str, Path]:
        """Return the files that were collected and lie on a disk, by the path of their copy."""
        found = {at: examination.on_disk(*source) for at, source in self._sources.items()}
        return {at: file for at, file in found.items() if file is not None}

    @contextmanager
    def _as_files(self) -> Iterator[dict[str, Path]]:
        """Yield what would be collected; what a finder has elsewhere is fetched for that time."""
        files = self._origins()
        with tempfile.TemporaryDirectory() as folder:
            for number, at in enumerate(sorted(self._sources.keys() - files.keys())):
                storage, path = self._sources[at]
                files[at] = Path(folder, str(number))
                with storage.open(path) as stream:
                    files[at].write_bytes(stream.read())
            yield files

    def _collected(self, storage: ReleaseStaticFilesStorage) -> dict[str, Path]:
        """Return what this run collected and made, and nothing that an earlier one left."""
        made = {path for path in self._post_processed if storage.exists(path)}
        return {path: Path(storage.path(path)) for path in sorted(self._sources.keys() | made)}


def _is_post_processing(storage: ReleaseStaticFilesStorage) -> bool:
    """Tell whether the storage's class makes files of those that are collected."""
    return type(storage).post_process is not ReleaseStaticFilesStorage.post_process


@contextmanager
def _publishing(storage: ReleaseStaticFilesStorage) -> Iterator[None]:
    """Tell the storage, which refuses to be collected into and then not published."""
    storage.is_publishing = True
    try:
        yield
    finally:
        storage.is_publishing = False


@contextmanager
def _naming_files() -> Iterator[None]:
    """Turn what the disk refuses, such as a link without end, into an error that names the file."""
    try:
        yield
    except OSError as error:
        file = Path(os.fsdecode(error.filename or ""))
        if error.errno == errno.ELOOP:
            file = next((f for f in (*reversed(file.parents), file) if f.is_symlink()), file)
            what = "is a link without end. Mend or remove it"
        else:
            what = f"can't be collected: {error.strerror or error}. Nothing is published"
        raise UnreadableAsset(f"{file if error.filename else 'A file'} {what}.") from error


@contextmanager
def _as_command_error() -> Iterator[None]:
    try:
        yield
    except StaticReleasesError as error:
        raise CommandError(cli.explain(error)) from error
    except KeyboardInterrupt:
        raise CommandError(cli.STOPPED, returncode=cli.STOPPED_STATUS) from None

"""What is wrong with collected files before they are published: a pure reading, no store.

`find` reads every style sheet and script whole, and the beginning of everything else. It asks in
two steps, because tokenizing is slow: what could be a reference is found by a search for a few
bytes, and only where such a reference would be a finding is the file tokenized to see whether it
is one.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path, PurePosixPath

from static_releases.core import headers, references
from static_releases.core.errors import UnreadableAsset
from static_releases.core.findings import contents, private
from static_releases.core.findings.model import (
    SEVERITIES,
    Finding,
    Severity,
    Source,
    finding,
    is_own,
    without,
)

__all__ = ["SEVERITIES", "Finding", "Severity", "Source", "find", "finding", "is_own", "without"]

_BEGINNING_BYTES = 16 * 1024


def find(
    sources: Iterable[Source], *, static_url: str, ignore: Iterable[str] = ()
) -> list[Finding]:
    """Return the findings in the collected files, sorted by path and line.

    `sources` are all files of the release: what is not among them is not there. `static_url` is
    Django's STATIC_URL, or whatever the files may wrongly say instead of a relative URL. `ignore`
    is as for `without`. Raises `UnreadableAsset` for a file that can't be read.
    """
    site = contents.Site(sources, static_url)
    found = chain.from_iterable(_in_file(source, site) for source in site.sources.values())
    return without(chain(found, _case_collisions(site)), ignore)


def _in_file(source: Source, site: contents.Site) -> Iterator[Finding]:
    language = references.language(source.path)
    body = _read(source.file, -1 if language else _BEGINNING_BYTES)
    if why := private.why(source.path, body[:_BEGINNING_BYTES]):
        yield _private(source, why)
    if not headers.is_known(source.path):
        yield _unknown_content_type(source)
    if language:
        yield from contents.find(source, references.text(body), language, site)


def _read(file: Path, size_bytes: int) -> bytes:
    try:
        with file.open("rb", buffering=0) as stream:
            return stream.read(size_bytes)
    except OSError as error:
        raise UnreadableAsset(f"{file} can't be read: {error.strerror or error}.") from error


def _private(source: Source, why: str) -> Finding:
    return finding(
        "private-file",
        source,
        message=f"{source.path} is {why}, and everyone could read it.",
        hint="Move it out of the static files; if it was ever published, replace what it holds.",
    )


def _unknown_content_type(source: Source) -> Finding:
    return finding(
        "unknown-content-type",
        source,
        message=f"{source.path} would be served as {headers.UNKNOWN}: "
        f"{PurePosixPath(source.path).suffix or 'a name without an extension'} is not known.",
        hint="Rename it, leave it out with `exclude`, or ignore this: a browser downloads it.",
    )


def _case_collisions(site: contents.Site) -> Iterator[Finding]:
    for paths in site.by_folded.values():
        if len(paths) > 1:
            yield _case_collision([site.sources[path] for path in paths])


def _case_collision(sources: list[Source]) -> Finding:
    named = next((source for source in sources if source.own), sources[0])
    others = ", ".join(source.path for source in sources if source is not named)
    return finding(
        "case-collision",
        named,
        message=f"{named.path} differs from {others} in nothing but case.",
        hint="Rename one: where names have no case (macOS, Windows), one replaces the other.",
    )

"""Findings in what one style sheet or script says."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from static_releases.core import references
from static_releases.core.findings.model import Finding, Source, finding
from static_releases.core.references import Kind, Language, Reference, javascript, urls

_MODULES = frozenset({Kind.JS_IMPORT, Kind.JS_DYNAMIC_IMPORT})
# What a bundler tries where there is no file with just this name.
_BUNDLER_ENDINGS = tuple(
    folder + extension
    for folder in ("", "/index")
    for extension in (".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".json", ".vue", ".svelte")
)
_DEVELOPMENT_HOST = re.compile(urls.DEVELOPMENT_HOST.encode(), re.ASCII)
# Without a port or a path it is mostly the base that some URL is parsed with.
_BARE_HOST = re.compile(r"[^/]*//[^/:?#]*/?")
# What files say where STATIC_URL is a CDN's, as in every project that began without one.
_USUAL_STATIC_URL = "/static/"
_LONGEST_SHOWN = 120


class Site:
    """The files of a release, and what is asked about them as a whole."""

    def __init__(self, sources: Iterable[Source], static_url: str) -> None:
        self.sources = {source.path: source for source in sources}
        self.by_folded: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self.sources):
            self.by_folded[path.casefold()].append(path)
        # Django puts a STATIC_URL without scheme and slash below the script's prefix.
        self.static_url = static_url if re.match(r"/|[a-z]+:", static_url) else "/" + static_url
        self._usual_url = "" if self.static_url.startswith("/") else _USUAL_STATIC_URL
        beginnings = filter(None, (self.static_url, self._usual_url))
        self.static_url_text = re.compile(b"|".join(re.escape(b.encode()) for b in beginnings))

    def has_folder(self, folder: str) -> bool:
        return any(path.startswith(folder + "/") for path in self.sources)

    def under_static_url(self, url: str) -> str | None:
        """Return what follows STATIC_URL in this URL, or None if it begins with something else."""
        if url.startswith(self.static_url):
            beginning, is_certain = self.static_url, self.static_url != "/"
        elif self._usual_url and url.startswith(self._usual_url):
            beginning, is_certain = self._usual_url, False
        else:
            return None
        path = urls.path_of(url[len(beginning) :])
        # Otherwise a URL is only known to be an asset's if there is the asset.
        return path if is_certain or path in self.sources else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fault:
    rule: str
    message: str
    hint: str


def find(source: Source, data: bytes, language: Language, site: Site) -> Iterator[Finding]:
    """Yield the findings in a style sheet or a script whose UTF-8 text is `data`."""
    faults = {
        candidate: fault
        for candidate in _candidates(data, language, site)
        if (fault := _fault(candidate, source, site))
    }
    line, counted = 1, 0
    for reference, fault in _each_once(data, language, faults):
        line += data.count(b"\n", counted, reference.offset)
        counted = reference.offset
        yield finding(fault.rule, source, message=fault.message, hint=fault.hint, line=line)


def _candidates(data: bytes, language: Language, site: Site) -> Iterable[Reference]:
    written = references.candidates(data, language)
    if language == "css":
        return written
    hosts = javascript.texts(data, _DEVELOPMENT_HOST)
    return chain(written, hosts, javascript.texts(data, site.static_url_text))


def _each_once(
    data: bytes, language: Language, faults: dict[Reference, _Fault]
) -> Iterator[tuple[Reference, _Fault]]:
    """Yield the faults that are no text in a comment, each place and each bundler's file once."""
    end, is_bundled = 0, False
    for reference in references.confirmed(data, language, faults) if faults else ():
        fault = faults[reference]
        is_known = reference.kind is Kind.JS_STRING and reference.offset < end
        if not is_known and not (is_bundled and fault.rule == "bundler-import"):
            yield reference, fault
        end, is_bundled = reference.end, is_bundled or fault.rule == "bundler-import"


def _fault(reference: Reference, source: Source, site: Site) -> _Fault | None:
    url = urls.cleaned(reference.url)
    if urls.is_relative(url):
        is_local = url and reference.kind is not Kind.JS_STRING
        return _missing(reference, url, source, site) if is_local else None
    if reference.kind is Kind.SOURCE_MAP:
        return None
    if urls.is_for_development(url):
        return _baked_host(reference, url)
    path = site.under_static_url(url)
    return None if path is None else _baked_static_url(reference, url, path, site)


def _baked_host(reference: Reference, url: str) -> _Fault | None:
    is_text = reference.kind is Kind.JS_STRING
    if is_text and _BARE_HOST.fullmatch(url):
        return None
    return _Fault(
        rule="baked-host-text" if is_text else "baked-host",
        message=f"{_shown(reference)} names a host that only exists while developing.",
        hint="Refer to a file by a relative URL; let the page tell a script other addresses.",
    )


def _baked_static_url(reference: Reference, url: str, path: str, site: Site) -> _Fault | None:
    is_own = url.startswith(site.static_url)
    # A page resolves what a script says, and its own origin may still serve the usual place.
    is_text = reference.kind is Kind.JS_STRING and not (is_own and path in site.sources)
    beginning = "STATIC_URL" if is_own else _USUAL_STATIC_URL
    return _Fault(
        rule="baked-static-url-text" if is_text else "baked-static-url",
        message=f"{_shown(reference)} begins with {beginning}, where no release is.",
        hint="Use a URL relative to this file, or let the page hand over what {% static %} gives.",
    )


def _missing(reference: Reference, url: str, source: Source, site: Site) -> _Fault | None:
    path = urls.resolve(source.path, url)
    if path in site.sources or (reference.kind is Kind.JS_URL and _is_folder(path, site)):
        return None
    if reference.kind is Kind.SOURCE_MAP:
        return _missing_source_map(reference, path)
    if path.startswith("../"):
        return _broken(reference, "which leads out of the collected files", source)
    if other := next(iter(site.by_folded.get(path.casefold(), ())), None):
        return _broken(reference, f"and the file is called {other}", source)
    bundled = next((path + end for end in _BUNDLER_ENDINGS if path + end in site.sources), None)
    if bundled and reference.kind in _MODULES:
        return _bundler_import(reference, bundled, source)
    return _broken(reference, f"and there is no {path}", source)


def _is_folder(path: str, site: Site) -> bool:
    """Tell whether a script means a folder, to make the URLs of files from it later."""
    return path.endswith("/") or site.has_folder(path)


def _broken(reference: Reference, why: str, source: Source) -> _Fault:
    return _Fault(
        rule="broken-reference",
        message=f"{_shown(reference)} is referred to, {why}.",
        hint=f'Add the file or mend the URL; to leave it: "broken-reference:{source.path}".',
    )


def _bundler_import(reference: Reference, bundled: str, source: Source) -> _Fault:
    return _Fault(
        rule="bundler-import",
        message=f"{_shown(reference)} is a name that only a bundler completes (to {bundled}); "
        "a browser finds nothing there.",
        hint="Write the whole name, or leave a bundler's sources out of the release (`exclude`).",
    )


def _missing_source_map(reference: Reference, path: str) -> _Fault:
    return _Fault(
        rule="missing-source-map",
        message=f"{_shown(reference)} names a source map, and there is no {path}.",
        hint="Add it or remove the comment; nobody but a browser's developer tools asks for it.",
    )


def _shown(reference: Reference) -> str:
    url = reference.url
    shown = url if len(url) <= _LONGEST_SHOWN else url[: _LONGEST_SHOWN - 1] + "…"
    return f"{reference.kind} {shown!r}"

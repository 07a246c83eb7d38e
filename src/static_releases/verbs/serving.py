"""Tell what `verify --url` found: faults grouped, each with what to mend."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from static_releases.core import configuration, policy, serving
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting, StaticReleasesError, StoreError
from static_releases.terminal import Terminal, number, size

if TYPE_CHECKING:
    from static_releases.core.public_verification import PublicDifference, Served
    from static_releases.core.store import Store
    from static_releases.core.verification import Depth

# Reserved by RFC 2606: a rule that names single sites doesn't name this one.
ANY_ORIGIN = "https://site.example"
_SHOWN = 20
MEND = {
    "missing": "The release has these files and the URL doesn't: the CDN asks another store or "
    "prefix, or its cache keeps a 404 from before the publication. Compare its origin with the "
    "store, and purge these paths.",
    "refused": "Files must be readable without credentials: the container's public access, the "
    "bucket's policy, or how the CDN signs its requests.",
    "redirect": "Set the base URL to where this leads: a browser pays for each redirect again, and "
    "one to another host needs CORS twice.",
    "status": "The CDN or the store answers with an error. Look at its log; then run it again.",
    "unanswered": "The host didn't answer, or broke the connection. Check its name, the "
    "certificate and the network.",
    "slow": "The answer took too long. --timeout gives it more.",
    "truncated": "The answer ended before its end: a proxy or the CDN cuts bodies. Purge these "
    "paths, as a cache may have kept the stump.",
    "bytes": "The cache keeps files of something else under these URLs, or the CDN rewrites them "
    "(minifying, injecting). Turn that off, purge these paths, and `verify --deep` the store.",
    "encoding": "Something compresses twice, or loses the header that says so. Let one place "
    "compress: the CDN, and store the files as they are.",
    "type": "The CDN or the web server sets its own Content-Type. Pass on the store's, or mend its "
    "table of types; a browser refuses modules and styles of a wrong type.",
    "caching": "The CDN or the web server sets its own Cache-Control. Pass on the store's: a "
    "release's files never change.",
    "cors": "Fonts and modules need Access-Control-Allow-Origin. Allow GET and HEAD from your "
    "site's origins in the store's CORS rules and let the CDN pass it on; name your site with "
    "--origin.",
    "vary": "Without Vary: Origin a cache gives the answer for one site, or for none, to another. "
    "Send it with every answer, or allow every origin (*).",
}
_CACHED = (
    "The store allows it, and a cache keeps the answer to a request without an Origin. Let the "
    "CDN send Access-Control-Allow-Origin: * itself or keep answers by Origin, and purge."
)


def verify(
    config: Configuration, version: str, arguments: argparse.Namespace, out: Terminal
) -> int:
    """Compare what the public URL serves with the manifest; the store is looked at first."""
    from static_releases.core import public_verification

    base_url = _base_url(config, arguments.url)
    origin = _origin(config, arguments.origin, base_url)
    store = _store(config, arguments)
    depth: Depth = "deep" if arguments.deep else "listing"
    try:
        with out.progress(f"verifying {version}") as watch:
            served = public_verification.verify(
                store,
                base_url,
                version,
                depth=depth,
                sample=arguments.sample,
                previous=arguments.previous,
                origin=origin,
                timeout_seconds=arguments.timeout,
                watch=watch,
            )
    except StaticReleasesError as error:
        error.add_note("Nothing was asked of the public URL's files.")
        if isinstance(error, StoreError):
            error.add_note("With --no-store the public URL alone is asked, without credentials.")
        raise
    out.json(_json(served, base_url, origin, depth if store else None))
    _tell(served, base_url, out)
    return 0 if served.is_right else 1


def _store(config: Configuration, arguments: argparse.Namespace) -> "Store | None":
    return config.open_store() if config.has_store and not arguments.no_store else None


def _base_url(config: Configuration, named: str) -> str:
    url = configuration.make(base_url=named).base_url if named else config.public_url()
    if not url.startswith(("http://", "https://")):
        raise InvalidSetting(
            f"The public URL is {url!r}, a path on your site: name it whole, as in "
            f"--url https://www.example.com{url if url.startswith('/') else '/static/'}."
        )
    return url


def _origin(config: Configuration, named: str | None, base_url: str) -> str:
    """Return the Origin of a page's requests: where the configured URL is a path, its own site."""
    if named is None:
        return _origin_of(base_url) if _is_on_site(config) else ANY_ORIGIN
    return policy.check_origin(named)


def _is_on_site(config: Configuration) -> bool:
    if config.base_url or not config.has_store:
        return config.base_url.startswith("/")
    return bool(config.local_url) and not config.has_own_url


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _json(served: "Served", base_url: str, origin: str, depth: "Depth | None") -> dict[str, object]:
    return {
        "version": served.version,
        "base_url": base_url,
        "origin": origin,
        "accept_encoding": serving.accepted_encodings(),
        "files": len(served.manifest.assets),
        "asked": served.asked,
        "missing": served.missing,
        "given_up": served.given_up,
        "previous": served.previous,
        "store": depth,
        "store_differences": [
            {"version": stored.version, **asdict(difference)}
            for stored in served.stored
            for difference in stored.differences
        ],
        "differences": [asdict(difference) for difference in served.differences],
        "mend": {fault: _mend(fault, served) for fault in _grouped(served)},
    }


def _grouped(served: "Served") -> "dict[str, list[PublicDifference]]":
    found: dict[str, list[PublicDifference]] = {}
    for fault in MEND:
        of = [each for each in served.differences if each.fault == fault]
        if of:
            found[fault] = of
    return found


def _mend(fault: str, served: "Served") -> str:
    return _CACHED if fault == "cors" and served.cached_without_cors else MEND[fault]


def _tell(served: "Served", base_url: str, out: Terminal) -> None:
    _tell_stored(served, out)
    groups = _grouped(served)
    rows = [
        (
            fault,
            number(len({(each.version, each.path) for each in found})),
            f"{found[0].version}/{found[0].path}",
            found[0].request,
            found[0].expected,
            found[0].found,
        )
        for fault, found in groups.items()
    ]
    if rows:
        out.table(("fault", "files>", "for example", "asked", "expected", "found"), rows)
    for fault in groups:
        out.line(f"{fault}: {_mend(fault, served)}")
    _tell_summary(served, base_url, out)


def _tell_stored(served: "Served", out: Terminal) -> None:
    found = [(stored.version, each) for stored in served.stored for each in stored.differences]
    for version, each in found[:_SHOWN]:
        out.line(
            f"in the store: {version}/{each.path}: {each.fault}: expected {each.expected}, "
            f"found {each.found}"
        )
    if len(found) > _SHOWN:
        out.line(f"in the store: and {len(found) - _SHOWN:,} more; `verify` shows them all.")


def _tell_summary(served: "Served", base_url: str, out: Terminal) -> None:
    if not served.stored:
        out.line("The store itself was not looked at: what it holds was read from the public URL.")
    if served.missing:
        files = f"{served.missing:,} file{'s'[: served.missing != 1]}"
        out.line(f"Not asked for: {files} that the store doesn't have as published.")
    if served.given_up:
        files = f"{served.given_up:,} file{'s'[: served.given_up != 1]}"
        out.line(f"Not asked for: {files}, as too many got no answer.")
    before = f", with some of {served.previous}, published before it," if served.previous else ""
    wrong = len({(each.version, each.path) for each in served.differences})
    verdict = f"{wrong:,} of them not as published" if wrong else "served as published"
    if not served.is_right and not wrong:
        verdict = "the store differs"
    out.line(
        f"{served.version} at {base_url}: {len(served.manifest.assets):,} files, "
        f"{size(served.manifest.size_bytes)}; {served.asked:,} asked for{before} as a browser "
        f"does: {verdict}."
    )

"""`verify --url` through a CDN before real stores: it finds each planted fault, and no other."""

import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from static_releases.core import public_verification, publishing
from static_releases.core.errors import NotReady, ReleaseUnusable
from static_releases.core.headers import for_path
from static_releases.core.public_verification import Served
from static_releases.core.store import Store
from static_releases.core.transfers import Progress
from tests.places import ODD_NAMES, collect, open_store, write_tree
from tests.servers.cdn import Cdn, Reply, running
from tests.servers.serving import Place

MakePlace = Callable[[str], Place]
ORIGIN = "https://www.example.com"
FILES = {
    "site/app.css": b"body { color: red }\n" * 50,
    "site/app.js": b"import './part.js';\n" * 50,
    "site/part.mjs": b"export const a = 1;\n" * 50,
    "site/text.woff2": os.urandom(3000),
    "site/logo.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 10,
    "site/packed.svgz": gzip.compress(b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 10),
    "site/download.gz": gzip.compress(b"a file that is gzip itself"),
    "site/empty.txt": b"",
}


class Site:
    """A store with v0 and v1, and the CDN before it."""

    def __init__(self, store: Store, cdn: Cdn) -> None:
        self.store, self.cdn = store, cdn

    def verify(self, version: str = "v1", **options: Any) -> Served:
        given: dict[str, Any] = {"origin": ORIGIN, "timeout_seconds": 5.0} | options
        return public_verification.verify(self.store, self.cdn.url, version, **given)

    def faults(self, **options: Any) -> list[tuple[str, str, str]]:
        return [(d.path, d.request, d.fault) for d in self.verify(**options).differences]


@contextmanager
def site(place: Place, tree: Path, **rules: Any) -> Iterator[Site]:
    store = open_store(place)
    write_tree(tree, FILES)
    publishing.publish(store, "v0", collect(tree), by="tests")
    write_tree(tree, {"site/app.js": b"import './part.js';\n// new\n"})
    publishing.publish(store, "v1", collect(tree), by="tests")
    with running(Cdn(source=str(place.public_url), **rules)) as cdn:
        yield Site(store, cdn)


@pytest.fixture
def azure(make_place: MakePlace, tmp_path: Path) -> Iterator[Site]:
    with site(make_place("azure"), tmp_path / "tree") as made:
        yield made


# -- nothing is wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("azure", {"encoding": "gzip"}),
        ("s3", {"encoding": "br", "allowed": ORIGIN}),
        ("gcs", {"encoding": None}),
    ],
)
def test_what_is_served_as_published_passes(
    kind: str, rules: dict[str, Any], make_place: MakePlace, tmp_path: Path
) -> None:
    with site(make_place(kind), tmp_path / "tree", **rules) as made:
        served = made.verify()
        assert served.differences == ()
        assert served.is_right
        assert (served.previous, served.missing, served.given_up) == ("v0", 0, 0)
        assert served.asked == len(FILES) + public_verification.PREVIOUS_ASSETS
        asked = made.cdn.asked
        for path in FILES:
            of = [origin for at, origin in asked if at == f"/v1/{path}"]
            needs_cors = path.endswith((".js", ".mjs", ".woff2"))
            assert of == ([None, ORIGIN] if needs_cors else [None]), path


def test_odd_names_are_asked_for_as_a_browser_writes_them(
    make_place: MakePlace, tmp_path: Path
) -> None:
    place = make_place("s3")
    tree = write_tree(tmp_path / "odd", {name: name.encode() for name in ODD_NAMES})
    store = open_store(place)
    publishing.publish(store, "v1", collect(tree), by="tests")
    with running(Cdn(source=str(place.public_url))) as cdn:
        assert Site(store, cdn).verify().is_right


def test_a_site_on_the_same_origin_needs_no_cors(azure: Site) -> None:
    azure.cdn.allowed = None
    assert azure.verify(origin=azure.cdn.url.rstrip("/")).is_right
    assert all(origin is None for _, origin in azure.cdn.asked)


def test_progress_ends_at_all_that_is_asked(azure: Site) -> None:
    seen: list[Progress] = []
    served = azure.verify(watch=seen.append)
    assert [p.files_done for p in seen] == list(range(1, served.asked + 1))
    assert seen[-1].bytes_done == seen[-1].size_bytes > 0


# -- each fault ----------------------------------------------------------------------------------


def status(code: int, **headers: str) -> Callable[[Reply], Reply]:
    return lambda reply: replace(reply.having(**headers), status=code)


def body(change: Callable[[bytes], bytes], encoding: str = "") -> Callable[[Reply], Reply]:
    """Change the bytes before they are encoded, and send them as they are then."""
    return lambda reply: replace(
        reply.having(Content_Encoding=encoding), body=change(gzip.decompress(reply.body))
    )


FAULTS: dict[str, tuple[Callable[[Reply], Reply], str]] = {
    "a 404": (status(404), "missing"),
    "a 403": (status(403), "refused"),
    "a 500": (status(500), "status"),
    "a redirect": (status(302, Location="https://elsewhere.example/"), "redirect"),
    "stale bytes": (body(lambda b: b"x" * len(b)), "bytes"),
    "an injected line": (body(lambda b: b + b"<!-- cached by a proxy -->"), "bytes"),
    "a much longer body": (body(lambda b: b * 100), "bytes"),
    "gzip without a word": (body(gzip.compress), "encoding"),
    "gzip twice": (lambda r: replace(r, body=gzip.compress(r.body)), "encoding"),
    "plain bytes called gzip": (body(bytes, "gzip"), "encoding"),
    "an encoding nobody asked for": (lambda r: r.having(Content_Encoding="zstd"), "encoding"),
    "a gzip of a gzip of noise": (
        lambda r: replace(r, body=gzip.compress(gzip.compress(gzip.decompress(r.body)))),
        "encoding",
    ),
    "half of a gzip": (lambda r: replace(r, body=r.body[:30]), "encoding"),
    "a wrong type": (lambda r: r.having(Content_Type="text/plain"), "type"),
    "no type": (lambda r: r.having(Content_Type=""), "type"),
    "another charset": (lambda r: r.having(Content_Type="text/css; charset=latin-1"), "type"),
    "no caching": (lambda r: r.having(Cache_Control=""), "caching"),
    "short caching": (lambda r: r.having(Cache_Control="public, max-age=60, immutable"), "caching"),
    "private caching": (
        lambda r: r.having(Cache_Control=f"{r.headers['Cache-Control']}, private"),
        "caching",
    ),
    "a truncated body": (lambda r: replace(r, sent_bytes=20), "truncated"),
    "an empty body": (lambda r: replace(r, body=b""), "bytes"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_where_it_is(name: str, azure: Site) -> None:
    change, fault = FAULTS[name]
    azure.cdn.changes = {"v1/site/app.css": change}
    assert azure.faults() == [("site/app.css", "without Origin", fault)]


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.having(Content_Type='Text/CSS;charset="UTF-8"'),
        lambda r: r.having(Cache_Control="immutable,max-age=63072000, PUBLIC, s-maxage=9"),
        body(bytes, "identity"),
    ],
)
def test_the_same_said_otherwise_is_no_fault(change: Callable[[Reply], Reply], azure: Site) -> None:
    azure.cdn.changes = {"v1/site/app.css": change}
    assert azure.faults() == []


def test_files_that_are_stored_encoded_must_say_so(azure: Site) -> None:
    azure.cdn.changes = {"packed.svgz": lambda r: r.having(Content_Encoding="")}
    assert azure.faults(previous="v1") == [("site/packed.svgz", "without Origin", "encoding")]


def test_a_file_that_is_gzip_itself_must_not_be_called_encoded(azure: Site) -> None:
    azure.cdn.encoding = None
    azure.cdn.changes = {"v1/site/download.gz": lambda r: r.having(Content_Encoding="gzip")}
    assert azure.faults() == [("site/download.gz", "without Origin", "encoding")]


def test_a_dripping_answer_ends(azure: Site) -> None:
    azure.cdn.changes = {"v1/site/app.css": lambda r: replace(r, seconds_between=0.3)}
    assert azure.faults(timeout_seconds=0.5) == [("site/app.css", "without Origin", "slow")]


def test_a_host_that_does_not_answer_is_given_up(azure: Site, tmp_path: Path) -> None:
    many = {f"f/{n}.css": b"1" for n in range(200)}
    tree = collect(write_tree(tmp_path / "many", many))
    publishing.publish(azure.store, "v2", tree, by="tests")
    azure.cdn.url = "http://127.0.0.1:9/"
    served = azure.verify("v2")
    assert not served.is_right
    assert {d.fault for d in served.differences} == {"unanswered"}
    assert served.given_up > 0
    assert served.asked + served.given_up == 200 + public_verification.PREVIOUS_ASSETS


# -- CORS ----------------------------------------------------------------------------------------

CORS_FILES = ["site/app.js", "site/part.mjs", "site/text.woff2"]


def test_missing_cors_is_found_for_fonts_and_modules(azure: Site) -> None:
    azure.cdn.allowed = None
    served = azure.verify(previous="v1")
    assert [(d.path, d.request, d.fault) for d in served.differences] == [
        (path, "with Origin", "cors") for path in CORS_FILES
    ]
    assert served.cached_without_cors is False


def test_a_first_answer_that_is_kept_without_cors_is_found_and_told_apart(azure: Site) -> None:
    azure.cdn.keeps_cors_apart = False
    served = azure.verify(previous="v1")
    assert {(d.path, d.fault) for d in served.differences} == {(p, "cors") for p in CORS_FILES}
    assert served.cached_without_cors is True


def test_another_origin_than_the_sites_is_a_fault(azure: Site) -> None:
    azure.cdn.allowed = "https://other.example"
    found = azure.verify(previous="v1").differences
    assert {(d.fault, d.found) for d in found} == {("cors", "https://other.example")}


def test_one_origin_without_vary_is_a_fault(azure: Site) -> None:
    azure.cdn.allowed, azure.cdn.varies = ORIGIN, False
    assert {fault for _, _, fault in azure.faults(previous="v1")} == {"vary"}
    azure.cdn.changes = {"": lambda r: r.having(Vary="Origin")}
    assert azure.faults(previous="v1") == []


def test_vary_is_needed_on_the_answer_without_an_origin_too(azure: Site) -> None:
    azure.cdn.allowed = ORIGIN
    allowed = "Access-Control-Allow-Origin"
    azure.cdn.changes = {"": lambda r: r if allowed in r.headers else r.having(Vary="")}
    found = azure.verify(previous="v1").differences
    assert {(d.fault, d.found) for d in found} == {("vary", "not in the answer without Origin")}


# -- the store first, and the release before -----------------------------------------------------


def test_what_the_store_lacks_is_not_asked_of_the_cdn(azure: Site) -> None:
    azure.store.delete(["v1/site/logo.svg"])
    azure.store.create("v1/site/foreign.js", b"?", for_path("a.js"))
    served = azure.verify()
    assert (served.is_right, served.missing, served.differences) == (False, 1, ())
    assert [(d.path, d.fault) for d in served.stored[0].differences] == [
        ("site/foreign.js", "foreign"),
        ("site/logo.svg", "missing"),
    ]
    assert not {path for path, _ in azure.cdn.asked} & {"/v1/site/logo.svg", "/v1/site/foreign.js"}


def test_an_unpublished_version_asks_the_cdn_nothing(azure: Site, tmp_path: Path) -> None:
    azure.store.create("_releases/v1/retired-1.json", b'{"format":1}', for_path("a.json"))
    azure.store.create(
        "_releases/v1/verdict-1.json", b'{"format":1,"verdict":"deleting"}', for_path("a.json")
    )
    with pytest.raises(ReleaseUnusable):
        azure.verify()
    assert azure.cdn.asked == []


def test_the_release_before_must_still_be_there(azure: Site) -> None:
    azure.cdn.changes = {"v0/site/app.css": status(404)}
    served = azure.verify()
    assert [(d.version, d.path, d.fault) for d in served.differences] == [
        ("v0", "site/app.css", "missing")
    ]


def test_a_missing_file_of_the_release_before_is_seen_in_the_store(azure: Site) -> None:
    azure.store.delete([f"v0/{path}" for path in FILES])
    served = azure.verify()
    assert not served.is_right
    assert {d.fault for d in served.stored[1].differences} == {"missing"}
    assert not any(path.startswith("/v0/") for path, _ in azure.cdn.asked)


def test_without_a_store_the_manifest_comes_from_the_public_url(azure: Site) -> None:
    def verify(version: str) -> Served:
        return public_verification.verify(
            None, azure.cdn.url, version, previous="v0", origin=ORIGIN, timeout_seconds=5
        )

    assert verify("v1").is_right
    assert verify("v1").stored == ()
    with pytest.raises(NotReady):
        verify("v9")
    azure.cdn.changes = {"v1/site/app.css": status(404)}
    assert [d.path for d in verify("v1").differences] == ["site/app.css"]


def test_a_sample_has_each_type_and_is_always_the_same(azure: Site) -> None:
    first = azure.verify(sample=3, previous="v1")
    asked = {path for path, _ in azure.cdn.asked}
    azure.cdn.asked.clear()
    assert azure.verify(sample=3, previous="v1").asked == first.asked == 3
    assert {path for path, _ in azure.cdn.asked} == asked

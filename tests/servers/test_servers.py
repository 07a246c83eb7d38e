"""Each server keeps what the tests of the package take for granted about it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError
from obstore.store import from_url

from tests.servers import keeper, reading
from tests.servers.serving import Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers.azurite import Azurite
    from tests.servers.serving import Server

ATTRIBUTES = {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "public, max-age=60"}

ODD_NAMES = [
    "a b/c d.css",
    "100%/50%25.css",
    "icons#1.svg",
    "what?.js",
    "a+b/c+d.js",
    'it\'s "quoted".css',
    "é/ü-中文.js",
    "~tilde/(round)[square]{curly}.css",
    "a&b=c;d,e@f:g!h$i*j.css",
    "x" * 196 + ".css",
]


def open_store(place: Place, **options: Any) -> Any:
    """Open a place with the client library alone."""
    return from_url(place.url, **place.options, **options)


def put(place: Place, name: str, data: bytes = b"body{}", **attributes: str) -> None:
    """Create one object."""
    obstore.put(open_store(place), name, data, mode="create", attributes=attributes or None)


@pytest.fixture(params=["azurite", "seaweedfs", "fake_gcs", "moto"])
def honest(request: pytest.FixtureRequest) -> Server:
    """Each server that honours a create-only write."""
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def somewhere(honest: Server, tmp_path: Path) -> Place:
    """A place of its own on each of them."""
    return honest.place(f"{tmp_path.name}-{os.getpid()}")


def test_a_second_create_is_refused_and_changes_nothing(somewhere: Place) -> None:
    put(somewhere, "app.css", b"first")
    with pytest.raises(AlreadyExistsError):
        put(somewhere, "app.css", b"second")
    assert somewhere.read("app.css").body == b"first"


def test_of_many_racing_creators_one_wins(somewhere: Place) -> None:
    store = open_store(somewhere)

    def create(number: int) -> int | None:
        try:
            obstore.put(store, "race", b"%d" % number, mode="create")
        except AlreadyExistsError:
            return None
        return number

    with ThreadPoolExecutor(16) as threads:
        winners = [number for number in threads.map(create, range(16)) if number is not None]
    assert [somewhere.read("race").body] == [b"%d" % number for number in winners]


def test_s3rver_lets_a_second_create_pass(s3rver: Server) -> None:
    place = s3rver.place("twice")
    put(place, "app.css", b"first")
    put(place, "app.css", b"second")
    assert bytes(obstore.get(open_store(place), "app.css").bytes()) == b"second"


def test_an_object_is_read_anonymously_with_its_headers(somewhere: Place) -> None:
    encoded = ATTRIBUTES | {"Content-Encoding": "gzip"}
    data = gzip.compress(b"body{}", mtime=0)
    obstore.put(open_store(somewhere), "app.css", data, mode="create", attributes=encoded)
    answer = somewhere.read("app.css", headers={"Accept-Encoding": "gzip"})
    assert (answer.status, answer.body) == (200, data)
    assert {name: answer.headers[name] for name in encoded} == encoded


def test_what_is_not_there_is_a_404(somewhere: Place) -> None:
    assert somewhere.read("nothing/here.css").status == 404


@pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
def test_odd_names_come_back_as_they_were(somewhere: Place, name: str) -> None:
    put(somewhere, name, name.encode())
    listed = [entry["path"] for entry in obstore.list(open_store(somewhere)).collect()]
    answer = somewhere.read(name)
    assert listed == [name]
    assert (answer.status, answer.body) == (200, name.encode())


@pytest.mark.parametrize("kind", ["azurite", "seaweedfs", "fake_gcs"])
def test_a_listing_goes_past_a_page(
    request: pytest.FixtureRequest, relay: Callable[..., Any], kind: str
) -> None:
    server: Server = request.getfixturevalue(kind)
    count = 5050 if kind == "azurite" else 1050
    place = server.place(f"pages-{os.getpid()}")
    store = open_store(place)
    names = [f"{number % 7}/{number:05}.css" for number in range(count)]
    with ThreadPoolExecutor(32) as threads:
        list(threads.map(lambda name: obstore.put(store, name, b"", mode="create"), names))
    between = relay(place)
    listed = obstore.list(open_store(place.through(between.origin)), chunk_size=10_000).collect()
    assert sorted(entry["path"] for entry in listed) == sorted(names)
    assert between.counts() == {"list": 2}


def test_nobody_writes_or_deletes_without_credentials(
    azurite: Server, seaweedfs: Server, fake_gcs: Server
) -> None:
    for server in (azurite, seaweedfs, fake_gcs):
        place = server.place("anonymous")
        put(place, f"{os.getpid()}.css")
        url = reading.object_url(place.public_url or "", f"{os.getpid()}.css")
        headers = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2023-11-03"}
        for method in ("PUT", "DELETE"):
            answer = reading.fetch(url, method=method, headers=headers, body=b"")
            assert answer.status in {401, 403, 404}, (server.kind, method)
        assert place.read(f"{os.getpid()}.css").body == b"body{}"


def test_a_sas_allows_exactly_what_it_says(azurite: Azurite) -> None:
    place = azurite.place(f"sas-{os.getpid()}")
    store = from_url(place.url, **azurite.sas("rlc"))
    obstore.put(store, "app.css", b"1", mode="create")
    assert [entry["path"] for entry in obstore.list(store).collect()] == ["app.css"]
    assert bytes(obstore.get(store, "app.css").bytes()) == b"1"
    with pytest.raises(BaseError, match="not authorized"):
        obstore.delete(store, "app.css")
    with pytest.raises(PermissionDeniedError):
        obstore.put(store, "app.css", b"2", mode="create")
    with pytest.raises(BaseError, match="AuthorizationPermissionMismatch"):
        obstore.list(from_url(place.url, **azurite.sas("c"))).collect()


def test_a_wrong_key_is_refused(azurite: Server, seaweedfs: Server, fake_gcs: Server) -> None:
    wrong = {
        "account_key": "d3Jvbmc=",
        "secret_access_key": "wrong",
        "bearer_token": "wrong",
    }
    for server in (azurite, seaweedfs, fake_gcs):
        options = {name: wrong.get(name, value) for name, value in server.store_options.items()}
        with pytest.raises((BaseError, PermissionError)):
            obstore.put(from_url(server.store_url, **options), "wrong", b"", mode="create")


def test_google_copies_on_the_server_and_refuses_a_taken_goal(fake_gcs: Server) -> None:
    place = fake_gcs.place(f"copy-{os.getpid()}")
    store = open_store(place)
    put(place, "é from.css", b"1", **ATTRIBUTES)
    obstore.copy(store, "é from.css", "to #1.css", overwrite=False)
    answer = place.read("to #1.css")
    assert (answer.body, answer.headers["Content-Type"]) == (b"1", ATTRIBUTES["Content-Type"])
    with pytest.raises(AlreadyExistsError):
        obstore.copy(store, "é from.css", "to #1.css", overwrite=False)


def test_google_deletes_and_says_what_was_not_there(fake_gcs: Server) -> None:
    place = fake_gcs.place(f"delete-{os.getpid()}")
    put(place, "a b/%41.css")
    obstore.delete(open_store(place), "a b/%41.css")
    assert place.read("a b/%41.css").status == 404
    with pytest.raises(FileNotFoundError):
        obstore.delete(open_store(place), "a b/%41.css")


def test_google_sends_gzip_decoded_to_whoever_does_not_ask_for_it(fake_gcs: Server) -> None:
    place = fake_gcs.place(f"gzip-{os.getpid()}")
    data = gzip.compress(b"<svg/>", mtime=0)
    put(place, "a.svgz", data, **{"Content-Encoding": "gzip"})
    asking = {"allow_http": True, "default_headers": {"Accept-Encoding": "gzip"}}
    store = from_url(place.url, **place.options | {"client_options": asking})
    assert place.read("a.svgz").body == b"<svg/>"
    assert bytes(obstore.get(store, "a.svgz").bytes()) == data


def test_every_answer_of_google_has_a_date(fake_gcs: Server) -> None:
    assert fake_gcs.place("none").read("none").headers["Date"]


def test_google_ranges_and_digests_are_those_of_its_xml_api(fake_gcs: Server) -> None:
    place = fake_gcs.place(f"etag-{os.getpid()}")
    put(place, "app.css", b"1")
    etag = '"c4ca4238a0b923820dcc509a6f75849b"'
    assert obstore.head(open_store(place), "app.css")["e_tag"] == etag
    assert [entry["e_tag"] for entry in obstore.list(open_store(place)).collect()] == [etag]
    assert place.read("app.css").headers["ETag"] == etag
    assert place.read("app.css", headers={"Range": "bytes=0-0"}).status == 206


def test_every_place_takes_an_object_and_gives_it_back(public_place: Place) -> None:
    put(public_place, "a b/app.css", b"body{}")
    assert public_place.read("a b/app.css").body == b"body{}"
    assert public_place.read("a b/none.css").status == 404


def test_places_do_not_see_each_other(make_place: Callable[[str], Place]) -> None:
    for kind in ("file", "azure", "s3", "gcs"):
        one, other = make_place(kind), make_place(kind)
        put(one, "app.css")
        assert obstore.list(open_store(other)).collect() == []


def test_a_memory_place_has_no_door(make_place: Callable[[str], Place]) -> None:
    with pytest.raises(LookupError, match="no public door"):
        make_place("memory").read("app.css")


def test_a_server_of_the_command_line_ends_with_its_stdin(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.servers", "gcs"]
    started = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert started.stdin is not None
    assert started.stdout is not None
    told = json.loads(started.stdout.readline())
    obstore.put(from_url(told["store"], **told["store_options"]), "hello", b"1", mode="create")
    assert reading.fetch(f"{told['base_url']}/hello").body == b"1"
    pids = [int(path.read_text()) for path in tmp_path.glob("servers-*/*.pid")]
    started.stdin.close()
    assert started.wait(20) == 0
    assert len(pids) == 2
    assert not any(keeper.is_alive(pid) for pid in pids)
    assert list(tmp_path.iterdir()) == []

"""What every store must do: one suite, each kind of store in turn."""

import logging
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from static_releases.core import address
from static_releases.core.errors import (
    AccessDenied,
    InvalidSetting,
    ObjectExists,
    ObjectMissing,
    StoreError,
    StoreMissing,
    StoreUnreachable,
)
from static_releases.core.headers import IMMUTABLE, Headers, for_path
from static_releases.core.store import Store
from tests.places import ODD_NAMES, open_store
from tests.servers.azurite import Azurite
from tests.servers.processes import free_ports
from tests.servers.serving import Place

PLAIN = for_path("a.txt")


@pytest.fixture
def store(place: Place) -> Store:
    return open_store(place)


def test_an_object_reads_back(store: Store) -> None:
    store.create("v1/a.txt", b"one", PLAIN)
    assert store.read("v1/a.txt") == b"one"


def test_a_second_create_is_refused_and_changes_nothing(store: Store) -> None:
    store.create("v1/a.txt", b"one", PLAIN)
    with pytest.raises(ObjectExists):
        store.create("v1/a.txt", b"two", PLAIN)
    assert store.read("v1/a.txt") == b"one"


def test_of_many_racing_creators_one_wins(store: Store) -> None:
    barrier = threading.Barrier(8)

    def create(number: int) -> int | None:
        barrier.wait()
        try:
            store.create("v1/race", bytes([number]) * 1000, PLAIN)
        except ObjectExists:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [n for n in pool.map(create, range(8)) if n is not None]
    assert len(winners) == 1
    assert store.read("v1/race") == bytes(winners) * 1000


def test_an_object_that_is_not_there_is_missing(store: Store) -> None:
    store.create("v1/a.txt", b"one", PLAIN)
    with pytest.raises(ObjectMissing, match="v1/b"):
        store.read("v1/b")
    with pytest.raises(ObjectMissing):
        store.examine("v1/b")


def test_a_listing_shows_the_folder_and_not_its_namesakes(store: Store) -> None:
    before = datetime.now(UTC) - timedelta(minutes=2)
    for key in ("v1/a", "v1/b/c", "v10/a", "v1.0/a", "_releases/v1/seal-1.json"):
        store.create(key, b"x" * len(key), PLAIN)
    found = {stored.key: stored for stored in store.objects("v1")}
    assert sorted(found) == ["v1/a", "v1/b/c"]
    assert found["v1/b/c"].size_bytes == 6
    assert found["v1/a"].modified_at > before
    assert store.folders() == ["_releases", "v1", "v1.0", "v10"]
    assert list(store.objects("none")) == []


def test_a_listing_goes_past_a_page(store: Store) -> None:
    keys = [f"v1/{n:04}" for n in range(1203)]
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda key: store.create(key, b"", PLAIN), keys))
    assert sorted(stored.key for stored in store.objects("v1")) == keys


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_come_back_as_they_were(store: Store, name: str) -> None:
    store.create(f"v1/{name}", b"odd", for_path(name))
    assert [stored.key for stored in store.objects("v1")] == [f"v1/{name}"]
    assert store.read(f"v1/{name}") == b"odd"
    with pytest.raises(ObjectExists):
        store.create(f"v1/{name}", b"other", for_path(name))
    store.delete([f"v1/{name}"])
    assert list(store.objects("v1")) == []


def test_headers_come_back_to_us(store: Store) -> None:
    headers = Headers(content_type="image/svg+xml", content_encoding="gzip")
    store.create("v1/a.svgz", b"\x1f\x8b not really", headers)
    content = store.examine("v1/a.svgz")
    assert content.size_bytes == 13
    assert content.headers in (headers, None)
    assert (content.headers is None) == (store.address.kind == "file")


def test_headers_and_bytes_are_what_a_browser_gets(public_place: Place) -> None:
    store = open_store(public_place)
    for name in ODD_NAMES:
        store.create(f"v1/{name}", name.encode(), for_path(name))
    for name in ODD_NAMES:
        answer = public_place.read(f"v1/{name}")
        assert (answer.status, answer.body) == (200, name.encode())
        if public_place.kind != "file":
            assert answer.headers["Content-Type"] == for_path(name).content_type
            assert answer.headers["Cache-Control"] == IMMUTABLE


def test_an_empty_and_a_large_object_are_kept(store: Store) -> None:
    large = bytes(range(256)) * 50_000
    store.create("v1/empty", b"", PLAIN)
    store.create("v1/large", large, PLAIN)
    assert store.read("v1/empty") == b""
    assert store.examine("v1/large").size_bytes == len(large)
    assert store.read("v1/large") == large


def test_deleting_many_and_what_is_not_there_is_no_error(store: Store) -> None:
    keys = [f"v1/{n}" for n in range(10)]
    for key in keys[::2]:
        store.create(key, b"x", PLAIN)
    store.delete(keys)
    store.delete(keys)
    store.delete([])
    assert list(store.objects("v1")) == []


def test_the_clock_is_near_ours(store: Store) -> None:
    assert abs(store.now() - datetime.now(UTC)) < timedelta(minutes=2)


def test_a_credential_that_may_only_list_read_and_create_is_enough(azurite: Azurite) -> None:
    url = address.parse(f"{azurite.store_url}/{uuid.uuid4().hex}")
    store = Store(url, azurite.sas("rlc"))
    store.create("v1/a", b"one", PLAIN)
    with pytest.raises(ObjectExists):
        store.create("v1/a", b"two", PLAIN)
    assert store.read("v1/a") == b"one"
    assert [stored.key for stored in store.objects("v1")] == ["v1/a"]
    with pytest.raises(AccessDenied):
        store.delete(["v1/a"])


def test_a_credential_that_may_only_read_is_denied(azurite: Azurite) -> None:
    url = address.parse(f"{azurite.store_url}/{uuid.uuid4().hex}")
    with pytest.raises(AccessDenied, match="credential"):
        Store(url, azurite.sas("rl")).create("v1/a", b"one", PLAIN)


WRONG_SECRETS = {
    "azure": {"account_key": "U0VDUkVUU0VDUkVUU0VDUkVU"},
    "s3": {"secret_access_key": "U0VDUkVUU0VDUkVUU0VDUkVU"},
}


@pytest.mark.parametrize("kind", ["azure", "s3"])
def test_a_wrong_key_is_denied_and_never_shown(
    kind: str, make_place: "pytest.FixtureRequest", caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    place: Place = make_place(kind)  # type: ignore[operator]
    store = Store(address.parse(place.url), {**place.options, **WRONG_SECRETS[kind]})
    with pytest.raises(AccessDenied) as caught:
        store.create("v1/a", b"one", PLAIN)
    shown = f"{caught.value}{caught.value!r}{store!r}{store}{caplog.text}"
    assert "U0VDUkVU" not in shown
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["azure", "s3"])
def test_a_missing_container_is_named(kind: str, make_place: "pytest.FixtureRequest") -> None:
    place: Place = make_place(kind)  # type: ignore[operator]
    url = address.parse(place.url.replace("static", "no-such-place", 1))
    store = Store(url, place.options)
    with pytest.raises(StoreMissing, match="no-such-place"):
        list(store.objects("v1"))


def test_an_unreachable_host_is_said_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    [port] = free_ports(1)
    options = {
        "endpoint": f"http://127.0.0.1:{port}",
        "access_key_id": "id",
        "secret_access_key": "U0VDUkVU",
        "region": "x",
    }
    with pytest.raises(StoreUnreachable) as caught:
        Store(address.parse("s3://bucket/p"), options).read("v1/a")
    assert "did not answer" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "U0VDUkVU" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("az://c", {"account_name": "a", "account_kye": "U0VDUkVU"}),
        ("az://c", {"account_name": "a", "account_key": "not base64 U0VDUkVU!"}),
        ("s3://b", {"regoin": "x"}),
        ("gs://b", {"service_account_key": "U0VDUkVU"}),
        ("file:///tmp/x", {"account_key": "U0VDUkVU"}),
    ],
)
def test_a_wrong_store_option_is_a_setting_to_mend(url: str, options: dict[str, str]) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Store(address.parse(url), options)
    assert "store_options" in str(caught.value)
    assert "U0VDUkVU" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_that_a_directory_store_cannot_keep_is_an_error(
    make_place: "pytest.FixtureRequest",
) -> None:
    store = open_store(make_place("file"))  # type: ignore[operator]
    with pytest.raises(StoreError, match="icon#1"):
        store.create("v1/icon#1", b"x", PLAIN)

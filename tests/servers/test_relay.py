"""The relay counts what passes and makes each fault exactly as asked, before real servers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import obstore
import pytest
from obstore.exceptions import BaseError, PermissionDeniedError
from obstore.store import from_url

from tests.servers.traffic import of_kind

if TYPE_CHECKING:
    from tests.conftest import MakeRelay
    from tests.servers.relay import Relay
    from tests.servers.serving import Place

NO_RETRY = {"max_retries": 0, "retry_timeout": timedelta(seconds=5)}


def behind(relay: Relay, place: Place, **options: Any) -> Any:
    """Open a place through a relay."""
    reached = place.through(relay.origin)
    return from_url(reached.url, **reached.options, **options)


def create(store: Any, name: str) -> None:
    """Create one object."""
    obstore.put(store, name, name.encode(), mode="create")


def test_requests_are_counted_by_kind(cloud_place: Place, relay: MakeRelay) -> None:
    between = relay(cloud_place)
    store = behind(between, cloud_place)
    create(store, "a b/é.css")
    obstore.head(store, "a b/é.css")
    obstore.get(store, "a b/é.css").bytes()
    obstore.list(store).collect()
    obstore.copy(store, "a b/é.css", "copy.css")
    obstore.delete(store, ["copy.css"])
    kinds = ["put", "head", "get", "list", "copy", "delete"]
    assert [request.kind for request in between.requests] == kinds
    assert between.counts() == dict.fromkeys(kinds, 1)
    assert between.requests[0].key.endswith("/a b/é.css")
    assert between.requests[0].size_bytes == len("a b/é.css".encode())
    assert all(request.status in range(200, 300) for request in between.requests)


def test_what_passes_is_unmodified(cloud_place: Place, relay: MakeRelay) -> None:
    between = relay(cloud_place)
    data = bytes(range(256)) * 4096 * 3
    reached = cloud_place.through(between.origin)
    obstore.put(behind(between, cloud_place), "big", data, mode="create")
    assert reached.read("big").body == data
    assert cloud_place.read("big").body == data


def test_a_client_retries_a_503_and_the_server_sees_one_request(
    cloud_place: Place, relay: MakeRelay
) -> None:
    between = relay(cloud_place)
    between.answer(503, times=2, matching=of_kind("put"))
    create(behind(between, cloud_place), "a.css")
    assert [request.status for request in between.requests[:2]] == [503, 503]
    assert [request.fault for request in between.requests] == ["answered", "answered", None]
    assert cloud_place.read("a.css").status == 200


def test_a_request_that_is_cut_before_never_reaches_the_server(
    cloud_place: Place, relay: MakeRelay
) -> None:
    between = relay(cloud_place)
    between.cut_before(matching=of_kind("put"))
    with pytest.raises(BaseError):
        create(behind(between, cloud_place, retry_config=NO_RETRY), "a.css")
    assert cloud_place.read("a.css").status == 404
    assert between.requests[-1].fault == "cut before"
    between.mend()
    create(behind(between, cloud_place), "a.css")


def test_a_lost_answer_leaves_the_object_and_an_error(cloud_place: Place, relay: MakeRelay) -> None:
    between = relay(cloud_place)
    between.lose_answer(times=1, matching=of_kind("put"))
    with pytest.raises(BaseError):
        create(behind(between, cloud_place, retry_config=NO_RETRY), "a.css")
    assert cloud_place.read("a.css").status == 200
    [lost] = between.requests
    assert (lost.status in {200, 201}, lost.fault) == (True, "answer lost")


def test_a_fault_meets_only_what_it_matches(cloud_place: Place, relay: MakeRelay) -> None:
    between = relay(cloud_place)
    between.answer(403, matching=lambda request: request.key.endswith("/b.css"))
    store = behind(between, cloud_place)
    create(store, "a.css")
    with pytest.raises(PermissionDeniedError):
        create(store, "b.css")


def test_held_requests_wait_until_they_are_released(cloud_place: Place, relay: MakeRelay) -> None:
    between = relay(cloud_place)
    store = behind(between, cloud_place)
    with ThreadPoolExecutor(3) as threads, between.hold(of_kind("put")) as hold:
        done = [threads.submit(create, store, f"{number}.css") for number in range(3)]
        hold.wait_for(3)
        assert obstore.list(store).collect() == []
        assert not any(each.done() for each in done)
        hold.release()
        for each in done:
            each.result(20)
    assert len(obstore.list(store).collect()) == 3


def test_latency_is_paid_once_a_request_and_not_once_a_connection_pool(
    cloud_place: Place, relay: MakeRelay
) -> None:
    between = relay(cloud_place, latency_seconds=0.1)
    store = behind(between, cloud_place)
    began = time.monotonic()
    with ThreadPoolExecutor(64) as threads:
        list(threads.map(lambda number: create(store, f"{number}.css"), range(64)))
    seconds = time.monotonic() - began
    assert min(request.seconds for request in between.requests) >= 0.1
    assert seconds < 64 * 0.1
    assert between.counts() == {"put": 64}


def test_a_closed_relay_is_a_network_that_is_gone(cloud_place: Place, relay: MakeRelay) -> None:
    between = relay(cloud_place)
    store = behind(between, cloud_place, retry_config=NO_RETRY)
    create(store, "a.css")
    between.close()
    with pytest.raises(BaseError):
        create(store, "b.css")

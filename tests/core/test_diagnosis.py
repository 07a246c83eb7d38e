"""What `doctor` finds out about stores that are right, wrong, private, dead and dishonest."""

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient, CorsRule, RetentionPolicy

from static_releases.core import address, diagnosis, layout
from static_releases.core.diagnosis import CHECKS, Check, access, kept
from static_releases.core.diagnosis.trial import Trial
from static_releases.core.store import Store
from static_releases.core.target import Target
from tests.places import open_store
from tests.servers import reading
from tests.servers.azurite import Azurite
from tests.servers.fake_gcs import FakeGCS
from tests.servers.front import Front, serving
from tests.servers.moto import Moto
from tests.servers.processes import free_ports
from tests.servers.s3rver import S3rver
from tests.servers.seaweedfs import LIMITED, SeaweedFS
from tests.servers.serving import BUCKET, Place, own_room

SECRET = "U0VDUkVUU0VDUkVUU0VDUkVU"
WITHOUT_PUBLIC = ("public", "public-headers", "cors", "missing")


def examine(
    url: str, options: dict[str, Any], base_url: str | None = "", **arguments: Any
) -> dict[str, Check]:
    """Return every check by its id, after seeing that all are there, in their order."""
    target = Target(address=address.parse(url), options=options)
    base = f"{base_url}/" if base_url else ""
    checks = list(diagnosis.examine(target, base, **{"wait_seconds": 2.0, **arguments}))
    assert tuple(check.id for check in checks) == CHECKS
    assert all(check.found for check in checks)
    assert all(check.todo for check in checks if check.status in {"fail", "warn"})
    assert SECRET not in repr(checks)
    return {check.id: check for check in checks}


def at(place: Place, **arguments: Any) -> dict[str, Check]:
    return examine(place.url, place.options, place.public_url, **arguments)


def having(checks: dict[str, Check], status: str) -> set[str]:
    return {check.id for check in checks.values() if check.status == status}


@pytest.fixture
def prefix() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


# -- stores that are right ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["s3", "gcs"])
def test_a_store_that_is_right_passes_everything(
    kind: str, make_place: Callable[[str], Place]
) -> None:
    place = make_place(kind)
    checks = at(place, deletes=True)
    assert having(checks, "pass") == set(CHECKS) - {"overwrite"}
    assert having(checks, "warn") == {"overwrite"}
    assert list(open_store(place).objects("")) == []


def test_azurite_lacks_cors_rules_until_they_are_set(azurite: Azurite, prefix: str) -> None:
    checks = at(azurite.place(prefix), deletes=True)
    assert having(checks, "fail") == {"cors"}
    assert having(checks, "pass") == set(CHECKS) - {"cors", "overwrite"}
    assert "policy" in checks["cors"].todo


def test_moto_allows_one_origin_and_does_not_vary(moto: Moto, prefix: str) -> None:
    checks = at(moto.place(prefix))
    assert having(checks, "fail") == {"cors"}
    assert "Vary" in checks["cors"].found


def test_a_directory_is_right_as_far_as_it_can_be_told(make_place: Callable[[str], Place]) -> None:
    place = make_place("file")
    checks = examine(place.url, {}, deletes=True)
    assert having(checks, "unknown") == {"headers", *WITHOUT_PUBLIC}
    assert having(checks, "pass") == set(CHECKS) - {
        "headers",
        "overwrite",
        *WITHOUT_PUBLIC,
    }


def test_the_probes_stay_where_deleting_was_not_asked_for(
    make_place: Callable[[str], Place],
) -> None:
    place = make_place("s3")
    checks = at(place)
    assert checks["delete"].status == "unknown"
    found = [stored.key for stored in open_store(place).objects("")]
    assert len(found) == 3
    assert all(key.startswith(f"{layout.PROBES}/") for key in found)
    assert open_store(place).folders() == [layout.PROBES]
    # Another one that is under way keeps its probes.
    assert at(place, deletes=True)["delete"].status == "pass"
    assert [stored.key for stored in open_store(place).objects("")] == found


# -- stores that are wrong ------------------------------------------------------------------------


def test_a_store_that_overwrites_is_found_out(s3rver: S3rver, prefix: str) -> None:
    checks = at(s3rver.place(prefix))
    assert having(checks, "fail") == {"create-only", "race", "cors"}
    assert "If-None-Match" in checks["create-only"].found


WRONG = {
    "azure": {"account_key": SECRET},
    "s3": {"secret_access_key": SECRET},
    "gcs": {"bearer_token": SECRET},
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_key_fails_the_credentials_and_nothing_else(
    kind: str, make_place: Callable[[str], Place]
) -> None:
    place = make_place(kind)
    checks = examine(place.url, place.options | WRONG[kind], place.public_url)
    assert having(checks, "fail") == {"credentials"}
    assert having(checks, "pass") == {"reach"}


@pytest.mark.parametrize("kind", ["azure", "s3"])
def test_a_missing_container_is_named(kind: str, make_place: Callable[[str], Place]) -> None:
    place = make_place(kind)
    url = place.url.replace(BUCKET, "no-such-place", 1)
    checks = examine(url, place.options, place.public_url)
    assert having(checks, "fail") == {"container"}
    assert "no-such-place" in checks["container"].found


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "releases"
    checks = examine(folder.as_uri(), {})
    assert having(checks, "fail") == {"reach"}
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_told() -> None:
    """Nobody can, not even root."""
    checks = examine("file:///proc/sys/kernel", {})
    assert having(checks, "fail") == {"create"}
    assert "write" in checks["create"].todo


def test_a_dead_host_is_told_soon() -> None:
    [port] = free_ports(1)
    options = {
        "endpoint": f"http://127.0.0.1:{port}",
        "region": "x",
        "access_key_id": "id",
        "secret_access_key": SECRET,
    }
    started = time.monotonic()
    checks = examine("s3://bucket/p", options, f"http://127.0.0.1:{port}/bucket/p")
    assert time.monotonic() - started < 30
    assert having(checks, "fail") == {"reach"}
    assert having(checks, "unknown") == set(CHECKS) - {"reach"}


def test_no_credential_at_all_is_no_dead_host() -> None:
    [port] = free_ports(1)
    options = {"region": "x", "metadata_endpoint": f"http://127.0.0.1:{port}"}
    checks = examine("s3://bucket/p", options)
    assert having(checks, "fail") == {"credentials"}
    assert "none is set" in checks["credentials"].found


# -- credentials that may not do everything -------------------------------------------------------


def test_the_sas_that_publishes_may_do_all_but_delete(azurite: Azurite, prefix: str) -> None:
    place = azurite.place(prefix)
    checks = examine(place.url, azurite.sas("rlc"), place.public_url, deletes=True)
    assert having(checks, "fail") == {"cors", "delete"}
    assert checks["overwrite"].status == "pass"
    assert "Right for publishing" in checks["delete"].todo
    # The key is not there to ask with, and so it is not said that nothing is kept.
    assert checks["kept"].status == "unknown"
    assert "az storage account" in checks["kept"].todo


def test_a_sas_that_may_only_create_cannot_publish(azurite: Azurite, prefix: str) -> None:
    place = azurite.place(prefix)
    checks = examine(place.url, azurite.sas("c"), place.public_url)
    assert {"create", "create-only", "race"} <= having(checks, "pass")
    assert "list" in having(checks, "fail")
    assert "policy" in checks["list"].todo


def test_a_sas_that_may_only_read_cannot_create(azurite: Azurite, prefix: str) -> None:
    place = azurite.place(prefix)
    checks = examine(place.url, azurite.sas("rl"), place.public_url)
    assert having(checks, "fail") == {"create"}
    assert having(checks, "pass") == {"reach", "container", "credentials"}


def test_the_policy_of_publishing_passes_on_seaweedfs(seaweedfs: SeaweedFS) -> None:
    url = f"{seaweedfs.store_url}/{LIMITED}"
    base_url = f"{seaweedfs.public_url}/{LIMITED}"
    checks = examine(url, seaweedfs.as_publisher(), base_url)
    assert having(checks, "fail") == set()
    assert having(checks, "unknown") == {"delete"}


# -- what the public sees -------------------------------------------------------------------------


def test_a_private_container_can_be_published_to_and_not_read(
    azurite: Azurite, prefix: str
) -> None:
    credential = {
        "account_name": azurite.store_options["account_name"],
        "account_key": azurite.store_options["account_key"],
    }
    account_url = azurite.public_url.removesuffix(f"/{BUCKET}")
    with ContainerClient(account_url, prefix, credential=credential) as container:
        container.create_container()
    checks = examine(f"az://{prefix}", azurite.store_options, f"{account_url}/{prefix}")
    assert having(checks, "fail") == {"public"}
    assert {"public-headers", "cors", "missing"} <= having(checks, "unknown")
    assert "policy" in checks["public"].todo


def front_of(place: Place, **faults: Any) -> Front:
    assert place.public_url is not None
    return Front(source=place.public_url, **faults)


FAULTS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "nothing": ({}, {}),
    "no caching": ({"headers": {"Cache-Control": ""}}, {"public-headers": "caching"}),
    "another type": (
        {"headers": {"Content-Type": "application/octet-stream"}},
        {"public-headers": "type"},
    ),
    "no CORS": ({"headers": {"Access-Control-Allow-Origin": ""}}, {"cors": "no origin"}),
    "another origin": (
        {"headers": {"Access-Control-Allow-Origin": "https://other.example"}},
        {"cors": "other.example"},
    ),
    "a page for everything": ({"missing": 200}, {"missing": "200"}),
    "a missing file kept for long": ({"keeps_missing_seconds": 60}, {"missing": "max-age=60"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_cdn_is_found_and_it_alone(
    fault: str, make_place: Callable[[str], Place]
) -> None:
    place = make_place("s3")
    faults, expected = FAULTS[fault]
    with serving(front_of(place, **faults)) as front:
        checks = examine(place.url, place.options, front.url)
    assert having(checks, "fail") == set(expected)
    for check_id, text in expected.items():
        assert text in checks[check_id].found


def test_a_missing_file_that_is_kept_for_a_while_is_a_warning(
    make_place: Callable[[str], Place],
) -> None:
    place = make_place("s3")
    with serving(front_of(place, keeps_missing_seconds=1.5)) as front:
        told: list[str] = []
        checks = examine(place.url, place.options, front.url, wait_seconds=30.0, tell=told.append)
    assert having(checks, "warn") == {"missing", "overwrite"}
    assert told == ["waiting up to 30 s for a file that was asked for too early"]
    assert having(checks, "fail") == set()


def test_under_the_sites_own_origin_no_cors_is_needed(make_place: Callable[[str], Place]) -> None:
    place = make_place("s3")
    with serving(front_of(place, headers={"Access-Control-Allow-Origin": ""})) as front:
        checks = examine(place.url, place.options, front.url, origin=front.url)
    assert checks["cors"].status == "pass"


def test_a_public_url_that_is_dead_or_wrong_fails_it_alone(
    make_place: Callable[[str], Place],
) -> None:
    place = make_place("s3")
    [port] = free_ports(1)
    for base_url in (f"http://127.0.0.1:{port}", f"{place.public_url}/elsewhere"):
        checks = examine(place.url, place.options, base_url)
        assert having(checks, "fail") == {"public"}
        assert {"public-headers", "cors", "missing"} <= having(checks, "unknown")


def test_without_a_public_url_it_cannot_be_told(make_place: Callable[[str], Place]) -> None:
    place = make_place("s3")
    checks = examine(place.url, place.options)
    assert having(checks, "unknown") == {*WITHOUT_PUBLIC, "delete"}
    assert "base_url" in checks["public"].todo


# -- the clock, and what is kept ------------------------------------------------------------------


@pytest.mark.parametrize(("slow_seconds", "status"), [(3, "pass"), (3600, "fail")])
def test_a_clock_that_is_off_is_found(slow_seconds: float, status: str) -> None:
    with serving(Front(source="", slow_seconds=slow_seconds)) as front:
        options = {"endpoint": front.url, "region": "x", "skip_signature": True}
        store = Store(address.parse("s3://bucket"), options)
        check = access.clock(Trial(store, "token"))
    assert check.status == status
    assert "apart" in check.found


@pytest.fixture(params=["moto", "seaweedfs"])
def versioned(request: pytest.FixtureRequest, prefix: str) -> tuple[str, dict[str, Any]]:
    """A bucket with versioning, made by Amazon's own client."""
    server: Moto | SeaweedFS = request.getfixturevalue(request.param)
    client = boto3.client(
        "s3",
        endpoint_url=server.origin,
        region_name=server.store_options["region"],
        aws_access_key_id=server.store_options["access_key_id"],
        aws_secret_access_key=server.store_options["secret_access_key"],
    )
    client.create_bucket(Bucket=prefix)
    client.put_bucket_versioning(Bucket=prefix, VersioningConfiguration={"Status": "Enabled"})
    return f"s3://{prefix}", server.store_options


def test_a_bucket_that_keeps_versions_is_told(versioned: tuple[str, dict[str, Any]]) -> None:
    url, options = versioned
    checks = examine(url, options, deletes=True)
    assert checks["kept"].status == "warn"
    assert "versions" in checks["kept"].found
    assert checks["delete"].status == "pass"


def test_a_bucket_of_googles_that_keeps_versions_is_told(fake_gcs: FakeGCS, prefix: str) -> None:
    made = reading.fetch(
        f"{fake_gcs.backend_origin}/storage/v1/b",
        method="POST",
        headers={"Content-Type": "application/json"},
        body=b'{"name": "%b", "versioning": {"enabled": true}}' % prefix.encode(),
    )
    assert made.status == 200
    checks = examine(f"gs://{prefix}", fake_gcs.store_options)
    assert checks["kept"].status == "warn"
    assert "versions" in checks["kept"].found


@pytest.mark.parametrize(
    ("settings", "status", "found"),
    [
        ('{"softDeletePolicy": {"retentionDurationSeconds": "604800"}}', "warn", "7 days"),
        ('{"softDeletePolicy": {"retentionDurationSeconds": "0"}}', "pass", "neither"),
        ('{"versioning": {"enabled": false}}', "pass", "neither"),
        ("<html>", "unknown", "can't be understood"),
        ("[]", "unknown", "can't be understood"),
    ],
)
def test_googles_settings_are_understood(settings: str, status: str, found: str) -> None:
    check = kept._google_settings(settings.encode())
    assert check.status == status
    assert found in check.found


@pytest.fixture(scope="module")
def own_azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """An Azurite of this module's: what is set here holds for a whole account."""
    room = own_room(tmp_path_factory.mktemp("azurite"))
    try:
        yield Azurite.start(room)
    finally:
        room.stop_all()


def test_an_account_with_cors_and_soft_delete_is_told(own_azurite: Azurite, prefix: str) -> None:
    credential = {
        "account_name": own_azurite.store_options["account_name"],
        "account_key": own_azurite.store_options["account_key"],
    }
    url = own_azurite.public_url.removesuffix(f"/{BUCKET}")
    rule = CorsRule(["*"], ["GET", "HEAD"], allowed_headers=["*"], max_age_in_seconds=86400)
    with BlobServiceClient(url, credential=credential) as service:
        service.set_service_properties(
            cors=[rule], delete_retention_policy=RetentionPolicy(enabled=True, days=9)
        )
    checks = at(own_azurite.place(prefix), deletes=True)
    assert having(checks, "fail") == set()
    assert having(checks, "warn") == {"kept", "overwrite"}
    assert "9 days" in checks["kept"].found
    assert checks["cors"].status == "pass"

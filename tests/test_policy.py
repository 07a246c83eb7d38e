"""The verb `policy`, and the SAS that it makes: what it allows and what the server refuses."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
)

from static_releases import cli
from static_releases.core import (
    address,
    inventory,
    planning,
    policy,
    publishing,
    verification,
)
from static_releases.core.errors import AccessDenied, InvalidSetting, ObjectExists
from static_releases.core.headers import for_path
from static_releases.core.policy import sas
from static_releases.core.store import Store
from static_releases.core.target import Target
from tests.core.test_policy import live_through
from tests.places import collect, some_files, write_tree
from tests.projects import STATIC_RELEASES, Finished, make_project, run
from tests.servers.azurite import Azurite
from tests.servers.serving import BUCKET

KEY = "U0VDUkVUU0VDUkVUU0VDUkVU"


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def options_with(azurite: Azurite, token: str) -> dict[str, Any]:
    """Return store options that know the SAS and not the key."""
    options = azurite.store_options | {"sas_key": token}
    del options["account_key"]
    return options


def make_sas(azurite: Azurite, purpose: policy.Purpose, expires_at: datetime) -> str:
    target = Target(address=address.parse(azurite.store_url), options=azurite.store_options)
    return policy.make_sas(target, purpose, expires_at=expires_at)


@pytest.fixture
def prefix() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def publisher(azurite: Azurite, prefix: str) -> Store:
    """A store of its own, opened with the SAS that `policy` makes for publishing."""
    where = address.parse(f"{azurite.store_url}/{prefix}")
    return Store(where, options_with(azurite, make_sas(azurite, "publish", in_an_hour())))


def container(azurite: Azurite, token: str) -> ContainerClient:
    """Return Microsoft's own client with a SAS: it knows nothing of this package."""
    return ContainerClient.from_container_url(f"{azurite.public_url}?{token}", retry_total=0)


def test_a_publication_its_repetition_and_a_resume_work_with_the_sas(
    publisher: Store, tmp_path: Path
) -> None:
    tree = collect(write_tree(tmp_path, some_files(12)))
    assert publishing.publish(publisher, "v1", tree, by="a build").uploaded == 12
    again = publishing.publish(publisher, "v1", tree, by="a build")
    assert (again.uploaded, again.is_new) == (0, False)
    # What a build leaves that was killed after its claim and its first asset.
    publishing._claim(publisher, planning.plan(publisher, "v2", tree.manifest), "a build")
    path = "app0/file-0.js"
    publisher.create(f"v2/{path}", (tmp_path / path).read_bytes(), for_path(path))
    resumed = publishing.publish(publisher, "v2", tree, by="a build")
    assert (resumed.uploaded, resumed.resumed) == (11, 1)


ATTACKS: dict[str, Callable[[BlobClient], object]] = {
    "overwrite": lambda blob: blob.upload_blob(b"evil()", overwrite=True),
    "overwrite in blocks": lambda blob: (
        blob.stage_block("MQ==", b"evil()"),
        blob.commit_block_list([BlobBlock("MQ==")]),
    ),
    "overwrite by a copy": lambda blob: blob.start_copy_from_url(blob.url),
    "headers": lambda blob: blob.set_http_headers(ContentSettings(content_type="text/html")),
    "metadata": lambda blob: blob.set_blob_metadata({"evil": "1"}),
    "delete": lambda blob: blob.delete_blob(),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_server_refuses_what_would_change_a_release(
    attack: str, publisher: Store, azurite: Azurite, prefix: str
) -> None:
    publisher.create("v1/app.js", b"app()", for_path("app.js"))
    with container(azurite, make_sas(azurite, "publish", in_an_hour())) as client:
        blob = client.get_blob_client(f"{prefix}/v1/app.js")
        with pytest.raises(HttpResponseError) as caught:
            ATTACKS[attack](blob)
        assert caught.value.status_code in {403, 409}
    with pytest.raises(ObjectExists):
        publisher.create("v1/app.js", b"evil()", for_path("app.js"))
    with pytest.raises(AccessDenied):
        publisher.delete(["v1/app.js"])
    content = publisher.examine("v1/app.js")
    assert publisher.read("v1/app.js") == b"app()"
    assert content.headers == for_path("app.js")


def test_the_container_cannot_be_deleted_with_it(azurite: Azurite) -> None:
    with container(azurite, make_sas(azurite, "publish", in_an_hour())) as client:
        with pytest.raises(HttpResponseError):
            client.delete_container()
        with pytest.raises(HttpResponseError):
            client.set_container_access_policy({}, public_access=None)


def test_each_sas_allows_what_its_purpose_needs_and_no_more(
    azurite: Azurite, publisher: Store, prefix: str
) -> None:
    publisher.create("v1/app.js", b"app()", for_path("app.js"))
    where = address.parse(f"{azurite.store_url}/{prefix}")
    reader = Store(where, options_with(azurite, make_sas(azurite, "read", in_an_hour())))
    assert reader.read("v1/app.js") == b"app()"
    assert [stored.key for stored in reader.objects("v1")] == ["v1/app.js"]
    with pytest.raises(AccessDenied):
        reader.create("v1/new.js", b"", for_path("new.js"))
    pruner = Store(where, options_with(azurite, make_sas(azurite, "prune", in_an_hour())))
    with pytest.raises(ObjectExists):
        pruner.create("v1/app.js", b"evil()", for_path("app.js"))
    pruner.delete(["v1/app.js"])
    assert list(pruner.objects("v1")) == []


def test_a_release_lives_from_its_claim_to_its_end_with_the_sas_that_prunes(
    azurite: Azurite, prefix: str, tmp_path: Path
) -> None:
    where = address.parse(f"{azurite.store_url}/{prefix}")
    live_through(
        Store(where, options_with(azurite, make_sas(azurite, "prune", in_an_hour()))), tmp_path
    )
    reader = Store(where, options_with(azurite, make_sas(azurite, "read", in_an_hour())))
    states = {release.version: release.state for release in inventory.releases(reader)}
    assert states == {"v1": "deleted", "v2": "published", "v3": "discarded"}
    assert verification.verify(reader, "v2", depth="deep").differences == ()


def test_a_sas_ends_when_it_was_said_to(azurite: Azurite) -> None:
    token = make_sas(azurite, "publish", datetime.now(UTC) - timedelta(seconds=5))
    with pytest.raises(AccessDenied):
        list(Store(address.parse(azurite.store_url), options_with(azurite, token)).objects("x"))


def test_a_sas_that_was_changed_is_refused(azurite: Azurite) -> None:
    token = make_sas(azurite, "read", in_an_hour())
    changed = token.replace("sp=rl", "sp=rcdl")
    assert changed != token
    with pytest.raises(AccessDenied):
        list(Store(address.parse(azurite.store_url), options_with(azurite, changed)).objects("x"))


def test_a_sas_for_the_service_reads_its_properties(azurite: Azurite) -> None:
    token = sas.for_service(
        account=azurite.store_options["account_name"],
        key=azurite.store_options["account_key"],
        expires_at=in_an_hour(),
        https_only=False,
    )
    url = f"{azurite.public_url.removesuffix(BUCKET)}?{token}"
    with BlobServiceClient(url) as client:
        assert "delete_retention_policy" in client.get_service_properties()
        with pytest.raises(HttpResponseError):
            list(client.list_containers())


def test_a_key_that_is_no_key_is_refused_and_not_shown() -> None:
    target = Target(
        address=address.parse("az://static"),
        options={"account_name": "acme", "account_key": "no base64: SECRET!"},
    )
    with pytest.raises(InvalidSetting) as caught:
        policy.make_sas(target, "publish", expires_at=in_an_hour())
    assert "SECRET" not in str(caught.value)


# -- the verb ------------------------------------------------------------------------------------


def static_releases(tmp_path: Path, *arguments: str, **environment: str) -> Finished:
    return run([str(STATIC_RELEASES), *arguments], cwd=tmp_path, environment=environment)


AZURE = {"AZURE_STORAGE_ACCOUNT_NAME": "acme", "AZURE_STORAGE_ACCOUNT_KEY": KEY}


def test_a_sas_is_made_only_when_it_is_asked_for_and_with_a_warning(tmp_path: Path) -> None:
    plain = static_releases(tmp_path, "--store", "az://static", "policy", **AZURE)
    assert plain.status == 0
    assert "sig=" not in plain.out
    asked = ["--store", "az://static", "policy", "--sas", "publish", "--hours", "2"]
    made = static_releases(tmp_path, *asked, **AZURE)
    assert made.status == 0
    fields = {name: values[0] for name, values in parse_qs(made.out.strip()).items()}
    assert {name: fields[name] for name in ("sp", "sr", "spr")} == {
        "sp": "rcl", "sr": "c", "spr": "https",
    }  # fmt: skip
    left = datetime.fromisoformat(fields["se"]) - datetime.now(UTC)
    assert timedelta(minutes=115) < left <= timedelta(hours=2)
    assert "this is a secret" in made.err
    assert fields["sig"] not in made.err
    for done in (plain, made):
        assert KEY not in done.out + done.err
    told = static_releases(tmp_path, *asked, "--format", "json", **AZURE)
    assert list(json.loads(told.out)) == ["store", "purpose", "permissions", "expires_at", "sas"]


@pytest.mark.parametrize(
    ("url", "environment", "fault"),
    [
        ("s3://static", {}, "only Azure"),
        ("az://static", {"AZURE_STORAGE_ACCOUNT_NAME": "acme"}, "none is configured"),
        ("az://static", {"AZURE_STORAGE_ACCOUNT_KEY": KEY}, "none is configured"),
    ],
)
def test_a_sas_that_cannot_be_made_says_why(
    url: str, environment: dict[str, str], fault: str, tmp_path: Path
) -> None:
    done = static_releases(
        tmp_path, "--store", url, "policy", "--sas", "publish", AWS_REGION="x", **environment
    )
    assert done.status == 2
    assert fault in done.err
    assert done.out == ""


@pytest.mark.parametrize("hours", ["0", "-1", "169", "nan", "inf", "soon"])
def test_hours_are_few_and_a_number(hours: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--store", "az://static", "policy", "--sas", "publish", f"--hours={hours}"])
    assert ended.value.code == 2
    assert "hours" in capsys.readouterr().err


def test_one_part_alone_is_json_for_another_program(tmp_path: Path) -> None:
    done = static_releases(tmp_path, "--store", "s3://static/shop", "policy", "--for", "publish")
    assert json.loads(done.out)["Version"] == "2012-10-17"
    done = static_releases(
        tmp_path, "--store", "gs://static", "policy", "--for", "cors",
        "--origin", "https://www.example.com", "--origin", "http://localhost:8000",
    )  # fmt: skip
    assert json.loads(done.out)[0]["origin"] == ["https://www.example.com", "http://localhost:8000"]
    done = static_releases(tmp_path, "--store", "file:///srv/x", "policy", "--for", "publish")
    assert (done.status, done.out) == (2, "")
    assert "install -d" in done.err


def test_a_project_asks_for_the_policy_of_its_own_store(tmp_path: Path) -> None:
    options = {"store": "s3://static/shop", "version": "v1", "base_url": "https://cdn.example.com"}
    project = make_project(tmp_path / "project", options=options)
    done = project.manage("staticreleases", "policy", "--for", "read")
    assert done.status == 0, done.err
    assert "arn:aws:s3:::static/shop/*" in done.out


def test_a_sas_and_a_document_are_not_both_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--store", "az://static", "policy", "--sas", "publish", "--for", "publish"]
    assert cli.main(asked) == 2
    printed = capsys.readouterr()
    assert "name one of the two" in printed.err
    assert printed.out == ""

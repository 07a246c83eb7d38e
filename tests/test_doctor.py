"""The verb `doctor`, and the page that shows it."""

import json
import re
import uuid
from pathlib import Path

import boto3
import pytest

from static_releases import cli
from static_releases.core import address, publishing
from static_releases.core.diagnosis import CHECKS
from static_releases.core.store import Store
from tests.places import collect, some_files, write_tree
from tests.projects import STATIC_RELEASES, Finished, make_project, run
from tests.servers.moto import Moto
from tests.servers.processes import free_ports
from tests.servers.s3rver import S3rver
from tests.servers.seaweedfs import SeaweedFS
from tests.transcripts import blocks, play

PAGE = "reference/doctor.md"


@pytest.mark.parametrize(("number", "kind"), [(0, "seaweedfs"), (1, "s3rver")])
def test_the_page_shows_what_it_finds(
    number: int, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: SeaweedFS | S3rver = request.getfixturevalue(kind)
    folder = f"doctor-{uuid.uuid4().hex[:12]}"
    environment = {
        "STATIC_STORE": f"{server.store_url}/{folder}",
        "AWS_ENDPOINT_URL": server.origin,
        "AWS_REGION": server.store_options["region"],
        "AWS_ACCESS_KEY_ID": server.store_options["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": server.store_options["secret_access_key"],
        "AWS_ALLOW_HTTP": "true",
    }
    transcript = blocks(PAGE)[number]
    shown = play(transcript, tmp_path, environment)
    shown = shown.replace(server.origin, "https://s3.example.com").replace(folder, "shop")
    shown = re.sub(r"in \d+\.\d\d s", "in 0.01 s", shown)
    shown = re.sub(r"_doctor/[0-9a-f]{16}-", "_doctor/5f0c1e9a7b3d2846-", shown)
    shown = re.sub(r"\d s apart", "0 s apart", shown)
    assert shown == transcript


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_a_prune_says_whether_the_bucket_keeps_what_it_deletes(
    status: str, moto: Moto, tmp_path: Path
) -> None:
    bucket = f"t-{uuid.uuid4().hex[:12]}"
    client = boto3.client(
        "s3",
        endpoint_url=moto.origin,
        region_name="us-east-1",
        aws_access_key_id="TESTS",
        aws_secret_access_key="any",
    )
    client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
    store = Store(address.parse(f"s3://{bucket}"), moto.store_options)
    tree = collect(write_tree(tmp_path / "tree", some_files(2)))
    for version in ("v1", "v2"):
        publishing.publish(store, version, tree, by="a test")
    command = [str(STATIC_RELEASES), "--store", f"s3://{bucket}", "prune", "--keep", "1"]
    done = run(
        [*command, "--grace-days", "0", "--yes"],
        cwd=tmp_path,
        environment={
            "AWS_ENDPOINT_URL": moto.origin,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "TESTS",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_ALLOW_HTTP": "true",
        },
    )
    assert done.status == 0, done.err
    assert "Deleted v1" in done.out
    assert ("The bucket keeps versions" in done.err) == (status == "Enabled")


def doctor(url: str, *arguments: str, cwd: Path, **environment: str) -> Finished:
    command = [str(STATIC_RELEASES), "--store", url, "doctor", *arguments]
    return run(command, cwd=cwd, environment=environment)


def test_a_directory_is_right_and_the_keys_are_stable(tmp_path: Path) -> None:
    url = tmp_path.as_uri()
    assert doctor(url, "--delete", cwd=tmp_path).status == 0
    done = doctor(url, "--delete", "--format", "json", cwd=tmp_path)
    assert done.status == 0
    told = json.loads(done.out)
    assert list(told) == ["store", "base_url", "failed", "checks"]
    assert (told["store"], told["base_url"], told["failed"]) == (url, None, 0)
    assert [check["id"] for check in told["checks"]] == list(CHECKS)
    assert all(list(check) == ["id", "status", "found", "todo"] for check in told["checks"])


def test_what_fails_ends_with_1_and_names_what_was_not_tried(tmp_path: Path) -> None:
    [port] = free_ports(1)
    done = doctor(
        "s3://bucket/p",
        cwd=tmp_path,
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        AWS_REGION="x",
        AWS_ACCESS_KEY_ID="id",
        AWS_SECRET_ACCESS_KEY="U0VDUkVU",
    )
    assert done.status == 1
    assert done.out.startswith("FAIL  reach")
    assert "not tried       container, credentials" in done.out
    assert "U0VDUkVU" not in done.out + done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--wait", "-1"],
        ["--wait", "nan"],
        ["--wait", "soon"],
        ["--origin", "www.example.com"],
        ["--origin", "https://www.example.com\r\nX: y"],
    ],
)
def test_wrong_use_is_told_before_anything_is_tried(arguments: list[str], tmp_path: Path) -> None:
    try:
        status = cli.main(["--store", tmp_path.as_uri(), "doctor", *arguments])
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == 2
    assert list(tmp_path.iterdir()) == []


def test_a_project_examines_its_own_store(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    options = {"store": f"file://{tmp_path}/store", "version": "v1"}
    project = make_project(tmp_path / "project", options=options)
    done = project.manage("staticreleases", "doctor", "--delete")
    assert done.status == 0, done.err
    assert "/static/ is a path of your site" in done.out

"""`example/Dockerfile`, built and run: with a store, without one, and with what goes wrong."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from static_releases.core import verification
from tests.docker import leaks
from tests.docker.pages import look_at
from tests.places import open_store
from tests.servers.processes import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docker.images import Build, Images
    from tests.docker.stores import AzureStore
    from tests.servers.azurite import Azurite
    from tests.servers.serving import Place

    MakePlace = Callable[[str], Place]

KEY = "AZURE_STORAGE_ACCOUNT_KEY"


def files(images: Images, image: str, folder: str = "/app") -> set[str]:
    """Return what lies in a folder of an image."""
    return set(images.run(image, "ls", "-A", folder).out.split())


def configuration(images: Images, image: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(
        images.engine.said("inspect", "--format", "{{json .Config}}", image)
    )
    return config


@pytest.fixture(scope="module")
def without_store(images: Images) -> Build:
    """The image as a laptop or a fork's pull request builds it."""
    built = images.build()
    assert built.status == 0, built.log
    return built


def test_without_a_store_it_builds_with_no_secret_and_serves_its_own_files(
    images: Images, without_store: Build
) -> None:
    there = files(images, without_store.image)
    assert "collected" in there
    assert "static-release" not in there
    with images.site(without_store.image) as site:
        site.wait_until_healthy()
        page = urllib.request.urlopen(site.url).read().decode()
        [stylesheet] = re.findall(r'href="(/static/site/css/site.css)"', page)
        answer = urllib.request.urlopen(site.url.rstrip("/") + stylesheet)
        assert answer.headers["Content-Type"].startswith("text/css")
        seen = look_at(site.url)
    assert "Fraunces" in seen.font
    assert seen.failed == []


def test_with_a_store_it_publishes_and_holds_the_record_instead_of_the_files(
    images: Images, store: AzureStore
) -> None:
    built = images.build(arguments=store.arguments("v1.2.3"), secrets=store.secrets)
    assert built.status == 0, built.log
    assert "Published v1.2.3: " in built.step("collectstatic")
    assert "_releases/v1.2.3/seal-1.json" in store.objects()
    there = files(images, built.image)
    assert "static-release" in there
    assert "collected" not in there
    ready = images.manage(built.image, "ready")
    assert "v1.2.3 is published" in ready.out, ready.err
    with images.site(built.image) as site:
        site.wait_until_healthy()
        seen = look_at(site.url)
    assert "Fraunces" in seen.font
    assert seen.failed == []
    assert f"{store.place.public_url}/v1.2.3/site/css/site.css" in seen.loaded


def test_the_image_says_what_it_is_and_runs_as_nobody_in_particular(
    images: Images, store: AzureStore
) -> None:
    built = images.build(arguments=store.arguments("v1.2.3"), secrets=store.secrets)
    config = configuration(images, built.image)
    environment = dict(each.split("=", 1) for each in config["Env"])
    assert environment["RELEASE_VERSION"] == "v1.2.3"
    assert environment["STATIC_STORE"] == store.place.url
    assert environment["STATIC_BASE_URL"] == f"{store.place.public_url}/"
    assert environment["AZURE_STORAGE_ACCOUNT_NAME"]
    assert config["User"] == "10001:10001"
    assert config["Cmd"] == ["gunicorn", "lantern.wsgi"]
    assert images.run(built.image, "id", "-u").out.strip() == "10001"
    assert images.run(built.image, "touch", "/app/anything").status != 0


@pytest.mark.parametrize("given", [{}, {KEY: "\n"}], ids=["none", "blank"])
def test_with_a_store_and_no_secret_the_build_fails_and_says_so(
    images: Images, store: AzureStore, given: dict[str, str]
) -> None:
    built = images.build(arguments=store.arguments("v1.2.3"), secrets=given)
    assert built.status != 0
    assert f"{KEY}: STATIC_STORE is {store.place.url}" in built.step("collectstatic")
    assert "no such secret, or an empty one" in built.log
    assert store.objects() == set()


def test_with_a_store_and_no_version_the_build_fails_and_says_so(
    images: Images, store: AzureStore
) -> None:
    arguments = store.arguments("v1.2.3")
    del arguments["RELEASE_VERSION"]
    built = images.build(arguments=arguments, secrets=store.secrets)
    assert built.status != 0
    assert "No version is set" in built.step("collectstatic")
    assert store.objects() == set()


def test_a_wrong_key_fails_the_build_without_showing_it(images: Images, store: AzureStore) -> None:
    built = images.build(arguments=store.arguments("v1.2.3"), secrets={KEY: "bm90IHRoZSBrZXk="})
    assert built.status != 0
    assert "denied access" in built.step("collectstatic")
    assert "bm90IHRoZSBrZXk" not in built.log
    assert store.objects() == set()


def test_a_folder_that_is_gone_with_the_build_is_no_store(images: Images) -> None:
    folder = "file:///srv/releases"
    built = images.build(arguments={"RELEASE_VERSION": "v1.2.3", "STATIC_STORE": folder})
    assert built.status != 0
    assert f"STATIC_STORE is {folder}, and a build publishes to" in built.step("collectstatic")


def test_a_site_that_answers_with_an_error_is_unhealthy(
    images: Images, without_store: Build
) -> None:
    with images.site(without_store.image, environment={"DATABASE": "/nowhere/db"}) as site:
        site.wait_until_it_listens()
        # Its first answer takes a while on a busy machine, longer than a check waits.
        checks = (
            images.engine.docker("exec", site.name, "python", "healthcheck.py") for _ in range(10)
        )
        health = next(check for check in checks if "didn't answer" not in check.err)
    assert health.status == 1
    assert "The first page answered 500." in health.err


def test_a_site_that_is_not_there_is_unhealthy(images: Images, without_store: Build) -> None:
    [port] = free_ports(1)
    health = images.run(
        without_store.image, "python", "healthcheck.py", environment={"PORT": str(port)}
    )
    assert health.status == 1
    assert "The first page didn't answer: " in health.err


def test_the_health_check_asks_for_a_host_that_is_allowed(
    images: Images, without_store: Build
) -> None:
    with images.site(without_store.image, environment={"ALLOWED_HOSTS": ".lantern.example"}) as s:
        s.wait_until_healthy()


def test_a_pass_that_can_only_read_list_and_create_is_enough(
    images: Images, store: AzureStore, azurite: Azurite
) -> None:
    given = azurite.sas("rlc")["sas_key"]
    built = images.build(
        arguments=store.arguments("v1.2.3"),
        secrets={"AZURE_STORAGE_SAS_TOKEN": given},
        options=("--target=publish",),
    )
    assert built.status == 0, built.log
    left = {key: leaks.opened(store.open().read(key)) for key in store.objects()}
    [signature] = parse_qs(given)["sig"]
    assert leaks.find(signature.encode(), {**left, "log": built.log.encode()}.items()) == set()
    assert not verification.verify(store.open(), "v1.2.3", depth="deep").differences


def test_amazon_s3_by_the_same_pattern(images: Images, make_place: MakePlace) -> None:
    place = make_place("s3")
    options = place.options
    arguments = {
        "RELEASE_VERSION": "v1.2.3",
        "STATIC_STORE": place.url,
        "AWS_REGION": options["region"],
        "AWS_ENDPOINT_URL": options["endpoint"],
    }
    secrets = {
        "AWS_ACCESS_KEY_ID": options["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": options["secret_access_key"],
    }
    publishes_only_with_its_secrets(images, place, arguments, secrets)


def test_google_cloud_storage_by_the_same_pattern(images: Images, make_place: MakePlace) -> None:
    place = make_place("gcs")
    arguments = {
        "RELEASE_VERSION": "v1.2.3",
        "STATIC_STORE": place.url,
        "GOOGLE_BASE_URL": place.options["base_url"],
    }
    secrets = {"GOOGLE_BEARER_TOKEN": place.options["bearer_token"]}
    publishes_only_with_its_secrets(images, place, arguments, secrets)


def publishes_only_with_its_secrets(
    images: Images, place: Place, arguments: dict[str, str], secrets: dict[str, str]
) -> None:
    built = images.build(arguments=arguments, options=("--target=publish",))
    assert built.status != 0
    assert f"STATIC_STORE is {place.url}, and the build has no such secret" in built.log
    built = images.build(arguments=arguments, secrets=secrets)
    assert built.status == 0, built.log
    assert "Published v1.2.3: " in built.step("collectstatic")
    assert not verification.verify(open_store(place), "v1.2.3", depth="deep").differences
    # The image knows the rest of where its store is.
    told = images.manage(built.image, "verify", environment=secrets)
    assert told.status == 0, told.err

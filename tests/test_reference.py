"""docs/reference says what the code has: no entry is missing, stale or wrong."""

import argparse
import importlib
import inspect
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import static_releases
from static_releases import cli, verbs
from static_releases.core import diagnosis, documents, errors, findings
from static_releases.core.collecting import read, walk
from static_releases.core.configuration import make
from static_releases.core.errors import StaticReleasesError
from static_releases.core.headers import IMMUTABLE, Headers
from static_releases.storage import ReleaseStaticFilesStorage
from tests.places import some_files, write_tree
from tests.test_verify_url import serving

REFERENCE = Path(__file__).resolve().parents[1] / "docs/reference"
SOURCE = Path(static_releases.__file__).parent
TYPES = {
    "bool": {"bool"},
    "int": {"number"},
    "int | None": {"number"},
    "Iterable[str]": {"list of patterns"},
    "Mapping[str, Any] | None": {"mapping"},
    "str | Mapping[str, Any] | None": {"string or mapping"},
    "str | None": {"string", "path", "URL"},
    "str | Path | None": {"path"},
}
# How each verb is run to see its JSON: the store has v1 and v2, and v0, which is begun.
RUNS = {
    "publish": ["publish", "{tree}", "--version", "v1"],
    "publish with `--dry-run`": ["publish", "{tree}", "--version", "v1", "--dry-run"],
    "check": ["check", "{tree}"],
    "list": ["list"],
    "show": ["show", "v1"],
    "diff": ["diff", "v0", "v1"],
    "verify": ["verify", "v1"],
    "verify with `--url`": ["verify", "v1", "--url", "{served}"],
    "ready": ["ready", "v1"],
    "discard": ["discard", "v0"],
    "report": ["report", "{tree}-page.html"],
    "adopt": ["adopt", "by-hand"],
    "pin": ["pin", "production", "v1"],
    "unpin": ["unpin", "staging"],
    "pins": ["pins", "staging"],
    "retire": ["retire", "v2"],
    "restore": ["restore", "v2"],
    "prune": ["prune", "--keep", "1"],
    "copy": ["copy", "v1", "--to", "memory:reference"],
    "download": ["download", "v1", "{tree}/../downloaded"],
    "policy": ["policy"],
    "doctor": ["doctor"],
}


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text()


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of the tables in a text, their heads left out."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0].startswith("`")]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def named(text: str) -> list[str]:
    """Return what the first cells of the tables name."""
    return [code(row[0])[0] for row in rows(text)]


def section(name: str) -> str:
    """Return what the page of the verbs says of one."""
    _, _, after = page("verbs").partition(f"\n### `{name}`\n")
    return re.split(r"^##+ ", after, maxsplit=1, flags=re.MULTILINE)[0]


# -- options -------------------------------------------------------------------------------------


def options() -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(ReleaseStaticFilesStorage).parameters
    return {name: p for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY}


def test_the_page_of_options_has_each_option_in_its_order() -> None:
    assert named(page("options")) == list(options())


@pytest.mark.parametrize("name", options())
def test_an_options_type_and_default_are_those_of_the_constructor(name: str) -> None:
    [(_, kind, default, meaning)] = [row for row in rows(page("options")) if row[0] == f"`{name}`"]
    parameter = options()[name]
    annotation = inspect.formatannotation(parameter.annotation)
    annotation = re.sub(r"(?:collections\.abc|typing|pathlib|_local)\.", "", annotation)
    assert kind in TYPES[annotation]
    assert default == f"`{parameter.default!r}`"
    assert meaning


# -- verbs ---------------------------------------------------------------------------------------


def parsers() -> dict[str, argparse.ArgumentParser]:
    return verbs.add(argparse.ArgumentParser().add_subparsers())


def arguments(parser: argparse.ArgumentParser) -> list[str]:
    """Return each argument as the page writes it: ``DIR``, ``--all``, ``--version V``."""
    common = {"help", "format"}
    found = [action for action in parser._actions if action.dest not in common]
    return [
        " ".join([*action.option_strings[-1:], *([str(action.metavar)] if action.metavar else [])])
        for action in found
        if not isinstance(action, argparse._SubParsersAction)
    ]


def test_the_page_of_verbs_has_each_verb_in_its_order() -> None:
    assert re.findall(r"^### `(\S+)`$", page("verbs"), re.MULTILINE) == list(parsers())


@pytest.mark.parametrize("verb", parsers())
def test_a_verbs_arguments_are_those_that_it_takes(verb: str) -> None:
    assert named(section(verb)) == arguments(parsers()[verb])


def test_the_options_before_the_verb_are_those_that_it_takes() -> None:
    before = page("verbs").partition("## Before the verb")[2].partition("## Verbs")[0]
    assert named(before) == arguments(cli._parser())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A store with v1 published and pinned, v2 published, v0 begun, and v1's tree."""
    directory = tmp_path_factory.mktemp("reference")
    tree = write_tree(directory / "tree", some_files(3))
    url = (directory / "store").as_uri()
    assert cli.main(["--store", url, "publish", str(tree), "--version", "v1"]) == 0
    assert cli.main(["--store", url, "pin", "staging", "v1"]) == 0
    assert cli.main(["--store", url, "publish", str(tree), "--version", "v2"]) == 0
    begin(url, "v0", tree)
    write_tree(directory / "store/by-hand", some_files(2))
    return url, tree


def begin(url: str, version: str, tree: Path) -> None:
    """Leave what a publication leaves that was killed after its claim."""
    claim = documents.Claim(
        version=version,
        number=1,
        claim_id=documents.new_claim_id(),
        claimed_at=datetime.now(UTC),
        by="a test",
        manifest=read(walk(tree)).manifest,
    )
    headers = Headers(content_type="application/gzip", cache_control=IMMUTABLE)
    make(store=url).open_store().create(claim.key, documents.encode_claim(claim), headers)


def json_keys(run: str) -> list[str]:
    """Return the JSON keys that the page names for a run; what is in brackets is within them."""
    verb, _, more = run.partition(" ")
    pattern = rf"^JSON(?:, a list of)?{re.escape(' ' + more if more else '')}: (.+?)\n\n"
    [text] = re.findall(pattern, section(verb) + "\n\n", re.MULTILINE | re.DOTALL)
    return code(re.sub(r"\([^)]*\)", "", text))


def test_every_verb_is_run_for_its_json() -> None:
    assert {run.partition(" ")[0] for run in RUNS} == set(parsers())


@pytest.mark.parametrize("run", RUNS)
def test_the_json_keys_of_a_verb_are_those_that_it_prints(
    run: str, store: tuple[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    url, tree = store
    with serving(tree.parent / "store") as served:
        argv = [part.format(tree=tree, served=served) for part in RUNS[run]]
        assert cli.main(["--store", url, *argv, "--format", "json"]) == 0
    printed: Any = json.loads(capsys.readouterr().out)
    value = printed[0] if isinstance(printed, list) else printed
    assert json_keys(run) == list(value)


# -- checks, errors, tags, findings --------------------------------------------------------------


def test_the_page_of_checks_has_each_id_in_its_order() -> None:
    sources = "\n".join(file.read_text() for file in SOURCE.rglob("*.py"))
    written = re.findall(r"\"(static_releases\.[A-Z]\d{3})\"", sources)
    numbered = re.findall(r"\b_caution\(\s*(\d+),", sources)
    cautions = [f"static_releases.W{int(number):03}" for number in numbered]
    assert named(page("checks")) == sorted({*written, *cautions})


def test_a_checks_level_follows_from_its_id() -> None:
    for check_id, level, *rest in rows(page("checks")):
        assert level == {"E": "error", "W": "warning"}[check_id.split(".")[1][0]]
        assert all(rest)


def tree_of_errors() -> dict[str, type[Exception]]:
    return {
        name: value
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, StaticReleasesError)
    }


def test_the_page_of_errors_has_each_error_below_its_base() -> None:
    documented = {code(row[0])[0]: code(row[1]) for row in rows(page("errors"))}
    bases = {
        name: [] if error is StaticReleasesError else [error.__bases__[0].__name__]
        for name, error in tree_of_errors().items()
    }
    assert documented == bases


def test_the_tree_at_the_top_of_the_module_has_each_error() -> None:
    drawn = re.findall(r"^[│├└─ ]*(\w+)(?: {2,}|$)", errors.__doc__ or "", re.MULTILINE)
    assert drawn == list(tree_of_errors())


def test_the_page_of_doctor_has_each_check_in_its_order() -> None:
    assert named(page("doctor")) == list(diagnosis.CHECKS)


def test_the_page_of_template_tags_has_each_tag() -> None:
    tags = importlib.import_module("static_releases.templatetags.static_releases")
    assert named(page("template-tags")) == list(tags.register.tags)


def test_the_page_of_findings_has_each_id() -> None:
    _, _, after = page("findings").partition("## All findings")
    table, _, _ = after.partition("\n### ")
    assert sorted(named(table)) == sorted(findings.SEVERITIES)

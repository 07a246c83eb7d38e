"""Every command line of ours in a file that a team copies, and in the docs, is one that runs."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from static_releases import cli, verbs
from static_releases.core import layout
from tests.delivery.files import documents

ROOT = Path(__file__).parents[2]
YAML = [*(ROOT / "example").rglob("*.y*ml"), ROOT / "example" / ".gitlab-ci.yml"]
SHELL = [*(ROOT / "example").glob("Dockerfile*"), ROOT / "example" / "docker-bake.hcl"]
PAGES = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("example/**/*.md")]

OURS = re.compile(r"(?:\bmanage\.py staticreleases|(?<![\w./-])static-releases)(?= +[-$\w])")
# What ends a command in a line of shell, of a table, of a comment, of a transcript.
END = re.compile(r"\s*(?:[;|&>`]|\)|  +|\s#|$)")


class Line(NamedTuple):
    """A command line, and where it stands."""

    file: str
    text: str


def strings(value: Any) -> Iterator[str]:
    """Yield each command in a document: a text, or a list of words that is one."""
    if isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        if "static-releases" in value or "staticreleases" in value:
            yield shlex.join(map(str, value))
        else:
            for each in value:
                yield from strings(each)
    elif isinstance(value, str):
        yield value


def code(page: str) -> Iterator[str]:
    """Yield what a page shows as code: blocks, and spans in a line."""
    yield from re.findall(r"^```\w*\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", page, flags=re.S | re.M))


def commands(text: str) -> Iterator[str]:
    """Yield our command lines in a text, each without what stands around it."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        for found in OURS.finditer(line):
            rest = line[found.start() :]
            yield rest[: END.search(rest, len(found[0])).start()]  # type: ignore[union-attr]


def lines() -> list[Line]:
    """Return all command lines, once for each file."""
    texts = [(file, text) for file in YAML for value in documents(file) for text in strings(value)]
    texts += [(file, file.read_text()) for file in SHELL]
    texts += [(file, text) for file in PAGES for text in code(file.read_text())]
    found = {Line(str(file.relative_to(ROOT)), c) for file, t in texts for c in commands(t)}
    return sorted(line for line in found if "VERB" not in line.text)


def parse(text: str) -> argparse.Namespace:
    """Parse a command line as the program does that it names."""
    words = shlex.split(text)
    if words[0] == "static-releases":
        return cli._parser().parse_args(words[1:])
    parser = argparse.ArgumentParser()
    verbs.add(parser.add_subparsers(required=True))
    return parser.parse_args(words[2:])


def test_command_lines_are_found_in_every_kind_of_file() -> None:
    found = {line.file for line in lines()}
    assert {
        "README.md",
        "example/.github/workflows/release.yml",
        "example/.gitlab-ci.yml",
        "example/compose.yaml",
        "example/k8s/prune-cronjob.yaml",
        "example/k8s/site.yaml",
    } <= found


@pytest.mark.parametrize("line", lines(), ids=lambda line: f"{line.file}: {line.text}")
def test_a_command_line_is_one_that_the_program_takes(line: Line) -> None:
    arguments = vars(parse(line.text))
    version = arguments.get("version")
    if version and "$" not in version and version not in {"V", "A", "B"}:
        layout.check_version(version)


@pytest.mark.parametrize(
    "text",
    [
        "static-releases pin production",
        "manage.py staticreleases prune --keeps 3",
        "static-releases x",
    ],
)
def test_a_command_line_that_the_program_does_not_take_is_found(text: str) -> None:
    assert list(commands(f"run: {text} && true")) == [text]
    with pytest.raises(SystemExit):
        parse(text)

"""What a verb is, and how it is added to a parser."""

import argparse
from collections.abc import Callable
from typing import Protocol

from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting
from static_releases.terminal import Terminal

Verb = Callable[[Configuration, argparse.Namespace, Terminal], int]
# Adds a verb by its name and returns its parser, which takes the verb's arguments.
AddVerb = Callable[[str, Verb], argparse.ArgumentParser]


class Parsers(Protocol):
    """What ``add_subparsers`` returns, for argparse's and Django's parser alike."""

    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser:  # noqa: A002
        """Add the parser of one verb."""
        ...


def pairs(texts: list[str], *, option: str) -> dict[str, str]:
    """Return what an option that takes NAME=VALUE was given, or raise `InvalidSetting`."""
    found = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise InvalidSetting(f"{option} {name or text!r}: expected NAME=VALUE.")
        found[name] = value
    return found

"""What a verb is, and how it is added to a parser."""

import argparse
from collections.abc import Callable
from typing import Protocol

from static_releases.core.configuration import Configuration
from static_releases.terminal import Terminal

Verb = Callable[[Configuration, argparse.Namespace, Terminal], int]
# Adds a verb by its name and returns its parser, which takes the verb's arguments.
AddVerb = Callable[[str, Verb], argparse.ArgumentParser]


class Parsers(Protocol):
    """What ``add_subparsers`` returns, for argparse's and Django's parser alike."""

    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser:  # noqa: A002
        """Add the parser of one verb."""
        ...

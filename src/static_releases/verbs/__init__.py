"""The verbs, once, for both command lines; one module for each group of them.

A verb takes the configuration and its arguments, calls one operation, prints, and returns the
exit status: 0 done, 1 failed or differs.
"""

import argparse

from static_releases.verbs import (
    copies,
    doctor,
    pins,
    policy,
    publication,
    releases,
    reporting,
    retention,
    verification,
)
from static_releases.verbs.verb import Parsers, Verb

_GROUPS = (publication, releases, verification, pins, retention, copies, policy, doctor, reporting)


def add(parsers: Parsers) -> dict[str, argparse.ArgumentParser]:
    """Add every verb to a parser's sub-parsers, and return them by name."""
    added: dict[str, argparse.ArgumentParser] = {}

    def add_verb(name: str, run: Verb) -> argparse.ArgumentParser:
        text = (run.__doc__ or "").strip().partition("\n")[0]
        parser = parsers.add_parser(name, help=text, description=text)
        parser.set_defaults(run_verb=run)
        parser.add_argument("--format", choices=("text", "json"), default="text")
        added[name] = parser
        return parser

    for group in _GROUPS:
        group.add(add_verb)
    return added

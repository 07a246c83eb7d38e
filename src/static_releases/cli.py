"""The command line ``static-releases``, and what it shares with ``manage.py staticreleases``."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from static_releases import releasing, verbs
from static_releases.core import configuration
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting, StaticReleasesError
from static_releases.terminal import Terminal
from static_releases.verbs.verb import Verb, pairs

PROGRAM = "static-releases"
WRONG_STATUS = 2
STOPPED_STATUS = 130
STOPPED = "Stopped. Running it again is safe and goes on from there."


def run(
    configure: Callable[[], Configuration],
    arguments: argparse.Namespace,
    out: Terminal,
    *,
    examine: releasing.Examine = releasing.examine_alone,
    program: str = PROGRAM,
) -> int:
    """Run the verb that the arguments name.

    ``examine`` finds what is wrong with files; ``program`` is how this command line is called.
    """
    verb: Verb = arguments.run_verb
    arguments.examine = examine
    arguments.program = program
    return verb(configure(), arguments, out)


def explain(error: BaseException) -> str:
    """Return an error's message with its notes."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``static-releases``; return the exit status."""
    arguments = _parser().parse_args(argv)
    out = Terminal(format=arguments.format)
    try:
        return run(lambda: _configuration(arguments), arguments, out)
    except InvalidSetting as error:
        out.error(f"static-releases: {explain(error)}")
        return WRONG_STATUS
    except StaticReleasesError as error:
        out.error(f"static-releases: {explain(error)}")
        return 1
    except KeyboardInterrupt:
        out.error(f"static-releases: {STOPPED}")
        leave(STOPPED_STATUS)
    except BrokenPipeError:
        return unread()


def unread() -> int:
    """Write nothing more where the reader of a pipe (`list | head`) has gone; return the status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def leave(status: int) -> NoReturn:
    """End the process at once: a request that hangs would otherwise be waited for at its exit."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(status)


@contextmanager
def leaving_when_stopped() -> Iterator[None]:
    """Leave at once where the exit status says that Ctrl-C was pressed."""
    try:
        yield
    except SystemExit as stopped:
        if stopped.code == STOPPED_STATUS:
            leave(STOPPED_STATUS)
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Publish and look after immutable releases of static files.",
    )
    environ = os.environ
    parser.add_argument(
        "--store",
        metavar="URL",
        default=environ.get("STATIC_STORE", ""),
        help="az://container/prefix, s3://bucket/prefix, gs://bucket/prefix or "
        "file:///srv/releases; default: STATIC_STORE",
    )
    parser.add_argument(
        "--store-option",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an option of the client, such as account_name=acme or endpoint=URL; credentials "
        "are better left in the environment",
    )
    parser.add_argument(
        "--base-url",
        metavar="URL",
        default=environ.get("STATIC_BASE_URL", ""),
        help="the public URL of the store or its CDN; default: STATIC_BASE_URL",
    )
    parser.add_argument(
        "--record-dir", metavar="DIR", type=Path, help="where the record is written and read"
    )
    parser.add_argument(
        "--exclude", metavar="PATTERN", action="append", default=[], help="leave these files out"
    )
    parser.add_argument(
        "--ignore",
        metavar="PATTERN",
        action="append",
        default=[],
        help="a finding that is meant to be so: ID, PATH or ID:PATH",
    )
    verbs.add(parser.add_subparsers(required=True, metavar="VERB"))
    return parser


def _configuration(arguments: argparse.Namespace) -> Configuration:
    return configuration.make(
        store=arguments.store,
        store_options=pairs(arguments.store_option, option="--store-option"),
        version=os.environ.get("RELEASE_VERSION", ""),
        base_url=arguments.base_url,
        record_dir=arguments.record_dir,
        exclude=tuple(arguments.exclude),
        ignore=tuple(arguments.ignore),
    )

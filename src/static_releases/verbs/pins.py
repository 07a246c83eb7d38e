"""Say what is in use, and look at what was."""

import argparse
from datetime import UTC

from static_releases import releasing
from static_releases.core import layout
from static_releases.core.configuration import Configuration
from static_releases.terminal import Terminal, when
from static_releases.verbs.verb import AddVerb


def add(add_verb: AddVerb) -> None:
    """Add the verbs of this module."""
    expect = "pin only if the name says this version now; '' for nothing"
    parser = add_verb("pin", pin)
    parser.add_argument("name", metavar="NAME", help="what runs it, such as production")
    parser.add_argument("version", metavar="V")
    parser.add_argument("--expect", metavar="V0", default="*", help=expect)
    parser = add_verb("unpin", unpin)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--expect", metavar="V0", default="*", help=expect.replace("pin", "unpin"))
    parser = add_verb("pins", show_pins)
    parser.add_argument("name", metavar="NAME", nargs="?", help="one name, with its log")


def pin(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Say that a release is in use under a name, so that nothing deletes it."""
    from static_releases.core import pinning

    entry = pinning.pin(
        config.open_store(),
        arguments.name,
        arguments.version,
        by=releasing.who(),
        expect=arguments.expect,
    )
    out.line(f"{entry.name}: {entry.version} is in use since {when(entry.pinned_at)}.")
    out.json({"name": entry.name, "version": entry.version, "number": entry.number})
    return 0


def unpin(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Say that nothing is in use under a name any more."""
    from static_releases.core import pinning

    entry = pinning.unpin(
        config.open_store(), arguments.name, by=releasing.who(), expect=arguments.expect
    )
    done = "says nothing any more" if entry else "said nothing already"
    out.line(f"{arguments.name} {done}.")
    out.json(
        {
            "name": arguments.name,
            "version": None,
            "number": entry.number if entry else None,
        }
    )
    return 0


def show_pins(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Show what each name says is in use; with a name, its log, the newest first."""
    from static_releases.core import pins

    store = config.open_store()
    if arguments.name is None:
        with out.counting("reading pins") as count:
            current = [pin.current for pin in pins.read(store, count=count)]
        entries = [entry for entry in current if entry is not None]
    else:
        name = layout.check_pin_name(arguments.name)
        with out.counting(f"reading the log of {name}") as count:
            log = pins.read_name(store, name, depth="log", count=count)
        entries = list(reversed(log.entries))
    out.json(
        [
            {
                "name": entry.name,
                "number": entry.number,
                "version": entry.version,
                "pinned_at": entry.pinned_at.astimezone(UTC).isoformat(),
                "by": entry.by,
                "outcome": entry.outcome,
            }
            for entry in entries
        ]
    )
    rows = [
        (
            entry.name,
            entry.version or "(unpinned)",
            when(entry.pinned_at),
            entry.by,
            {"held": "", "ended": "did not hold", None: "not decided"}[entry.outcome],
        )
        for entry in entries
    ]
    if rows:
        out.table(("name", "version", "since", "by", ""), rows)
    else:
        out.line(f"{arguments.name or config.store_name} has no pin.")
    return 0

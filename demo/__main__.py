"""Run the demo: `python -m demo [--once] [--store file|azure|s3]`."""

import argparse
import shlex
import signal
import sys
from types import FrameType

from rich.markup import escape

from demo.inspection import Assets, changes, look_at, show_changes
from demo.site import SITE, Gunicorn, change, free_port, keep_collected, lay_out, manage
from demo.stage import DemoError, console, say, show_exports, step
from demo.stores import Kind, Place, opened

FIRST, SECOND = "v1.0.0", "v1.1.0"
SHOWN_LINES = 30


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--store", choices=["file", "azure", "s3"], default="file")
    parser.add_argument("--once", action="store_true", help="check, roll back, check, stop")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    try:
        play(arguments.store, once=arguments.once)
    except DemoError as failure:
        for line in failure.output.strip().splitlines()[-SHOWN_LINES:]:
            say(escape(line))
        console.print(f"[bold red]The demo failed:[/bold red] {escape(str(failure))}")
        return 1
    except (KeyboardInterrupt, EOFError):
        console.print()
    return 0


def stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def play(kind: Kind, *, once: bool) -> None:
    lay_out()
    with opened(kind) as place:
        introduce(place)
        publish(FIRST, place)
        change(SECOND)
        publish(SECOND, place)
        step("What the store holds")
        manage("staticreleases", "list", exported=place.to_publish)
        manage("migrate", "--verbosity", "0", exported={})
        port = free_port()
        if once:
            check_both(port, place)
        else:
            serve(port, place)


def introduce(place: Place) -> None:
    step("The store")
    show_exports(place.to_serve)
    if place.credentials:
        show_exports(place.credentials)
        say("Only who publishes has these; the site is served without any credentials.")


def publish(version: str, place: Place) -> None:
    """Collect and publish as the build of an image does: with no database and no SECRET_KEY."""
    step(f"Publish {version}")
    manage("collectstatic", "--no-input", exported=place.to_publish, RELEASE_VERSION=version)
    keep_collected(version)


def check_both(port: int, place: Place) -> None:
    after = check(SECOND, port, place, f"Serve {SECOND}, and fetch every asset that it names")
    before = check(FIRST, port, place, f"Roll back to {FIRST}: the same site, one value changed")
    step("What changed in the browser")
    found = changes(after, before)
    if not found:
        raise DemoError(f"{FIRST} and {SECOND} look the same")
    show_changes(found, SECOND, FIRST)
    same = len(after.keys() | before.keys()) - len(found)
    say(f"{len(found)} assets differ, {same} are the same in both releases.")


def check(version: str, port: int, place: Place, title: str) -> Assets:
    step(title)
    with Gunicorn(port, version, place.to_serve) as site:
        return look_at(site.url, version)


def serve(port: int, place: Place) -> None:
    """Serve until Ctrl-C; on a terminal, `r` and Enter change the release."""
    version, other = SECOND, FIRST
    while True:
        step(f"Serve {version}")
        with Gunicorn(port, version, place.to_serve) as site:
            say(f"[bold]{site.url}[/bold] wears {version}. Ctrl-C ends the demo.")
            if place.stays:
                tell_how_to_change(site, other, place)
            wait_for_wish(other)
        version, other = other, version


def tell_how_to_change(site: Gunicorn, other: str, place: Place) -> None:
    variables = {**site.variables, "RELEASE_VERSION": other, **place.to_serve}
    typed = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    say(f"{other} is the same site started with one other value, as here after a Ctrl-C:\n")
    console.print(f"  cd {shlex.quote(str(SITE))}")
    console.print(f"  {' '.join(typed)} {shlex.join(site.command)}")


def wait_for_wish(other: str) -> None:
    if not sys.stdin.isatty():
        signal.pause()
    while console.input(f"\n  Or type r and Enter, for {other} now: ") != "r":
        pass


if __name__ == "__main__":
    sys.exit(main())

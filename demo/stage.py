"""Where the demo speaks: its steps, the commands that it runs, and what they answer."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape

console = Console(highlight=False, soft_wrap=True)

# What the shell of whoever runs the demo may hold must not decide what it does.
OWN_VARIABLES = ("RELEASE_VERSION", "STATIC_", "DJANGO_", "SECRET_KEY", "DEBUG", "AZURE_", "AWS_")


class DemoError(Exception):
    """A step failed; `output` is what the command behind it had to say."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


def step(title: str) -> None:
    console.print(f"\n[bold]{escape(title)}[/bold]")


def say(text: str) -> None:
    console.print(f"  {text}")


def show_typed(line: str) -> None:
    console.print(f"  [cyan]$ {escape(line)}[/cyan]")


def show_exports(variables: Mapping[str, str]) -> None:
    """Show once what further commands find in their environment."""
    if variables:
        show_typed(f"export {assignments(variables)}")


def as_typed(command: list[str], variables: Mapping[str, str]) -> str:
    """Return the line that somebody would type into a shell."""
    return f"{assignments(variables)} python {shlex.join(command[1:])}".strip()


def assignments(variables: Mapping[str, str]) -> str:
    shown = {name: "…" if is_secret(name) else shlex.quote(v) for name, v in variables.items()}
    return " ".join(f"{name}={value}" for name, value in shown.items())


def is_secret(name: str) -> bool:
    return name.endswith(("_KEY", "_KEY_ID"))


def run(
    command: list[str], folder: Path, exported: Mapping[str, str], variables: Mapping[str, str]
) -> None:
    """Run a command and show it with its output; a failure ends the demo."""
    show_typed(as_typed(command, variables))
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment({**exported, **variables}),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        line = as_typed(command, {})
        raise DemoError(f"{line} ended with exit status {done.returncode}", done.stdout)
    for line in filter(str.strip, done.stdout.splitlines()):
        say(escape(line))


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment, less what configures a site, with `variables`."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(OWN_VARIABLES)}
    width = str(max(console.width - 2, 60))
    return {**inherited, "COLUMNS": width, "PYTHONUNBUFFERED": "1", **variables}

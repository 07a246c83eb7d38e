"""Whose collectstatic runs: this package's publishes at its end, others only collect."""

from typing import Any

from django.core.management import get_commands, load_command_class

DJANGOS_APP = "django.contrib.staticfiles"
COMMAND = "static_releases.management.commands.collectstatic.Command"


def foreign() -> str | None:
    """Return the app whose collectstatic would run and not publish, or None if it publishes."""
    owner: Any = get_commands().get("collectstatic")
    return None if owner == "static_releases" or _publishes(owner) else str(owner)


def advice(app: str) -> str:
    """Return what to do where this app's collectstatic would run."""
    own = "" if app == DJANGOS_APP else f", derive its Command from {COMMAND}"
    return (
        f'Put "static_releases" before {app!r} in INSTALLED_APPS{own}, or set '
        "`publish_on_collect` to False and run `staticreleases publish` afterwards."
    )


def _publishes(owner: Any) -> bool:
    """Tell whether another app's collectstatic is derived from the one that publishes."""
    try:
        command = load_command_class(owner, "collectstatic") if isinstance(owner, str) else owner
    except (ImportError, AttributeError):
        return False  # running it will tell
    return any(f"{c.__module__}.{c.__qualname__}" == COMMAND for c in type(command).__mro__)

"""The page in one file: no server, no network, and nothing in it that runs but its own script."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils.safestring import mark_safe

from static_releases.core.model import State
from static_releases.report.details import Detail
from static_releases.report.links import Command
from static_releases.report.presenting import STATES, Line, Page
from static_releases.report.pruning import Prune

_HERE = Path(__file__).parent
_ASSETS = _HERE / "static" / "static_releases" / "report"


def alone(
    page: Page,
    lines: Sequence[Line],
    details: Sequence[Detail],
    prune: Prune | None,
    *,
    pin: Command,
    show: Command,
    undetailed: str,
) -> str:
    """Return the page as a document of its own, which needs no Django settings."""
    style = "\n".join([_text(_HERE / "alone.css"), _text(_ASSETS / "report.css"), _hiding()])
    script = _text(_ASSETS / "report.js")
    return _render(
        "alone.html",
        {
            "page": page,
            "lines": lines,
            "details": details,
            "prune": prune,
            "pin": pin,
            "show": show,
            "undetailed": undetailed,
            # Both are this package's own files: nothing of a store is in them.
            "style": mark_safe(style),  # noqa: S308
            "script": mark_safe(script),  # noqa: S308
            "policy": _policy(style, script),
        },
    )


def _render(name: str, values: Mapping[str, Any]) -> str:
    engine = Engine(dirs=[str(_HERE / "templates")], autoescape=True, debug=False)
    template = engine.get_template(f"static_releases/report/{name}")
    return str(template.render(Context(dict(values), use_l10n=False, use_tz=False)))


def _policy(style: str, script: str) -> str:
    """Return a Content-Security-Policy by which only what was written here is applied or run."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _hiding() -> str:
    """Return the rules by which choosing a state hides the other rows, without a script."""

    def rule(state: State) -> str:
        chosen = f'main:has(input[name="sr-state"][value="{state}"]:checked)'
        return f'{chosen} .sr-releases tbody tr:not([data-state="{state}"]) {{ display: none; }}'

    return "\n".join(rule(state) for state in STATES)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")

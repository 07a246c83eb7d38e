"""Try a configuration end to end with three small objects, and say what to mend.

- `model`: a check, and the probes
- `trial`: a store under examination
- `access`: is it reached, is the credential accepted, is the clock right
- `stored`: what publishing and pruning rely on
- `served`: the public URL, as a browser sees it
- `kept`: what becomes of what is deleted
"""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from static_releases.core.diagnosis import access, kept, served, stored
from static_releases.core.diagnosis.model import CHECKS, Check, CheckId, Status, failed, unknown
from static_releases.core.diagnosis.trial import Trial
from static_releases.core.store import Store
from static_releases.core.target import Target

__all__ = ["CHECKS", "NOT_TRIED", "ORIGIN", "WAIT_SECONDS", "Check", "CheckId", "Status", "examine"]

# Who asks where no site is named: any that isn't the store's own.
ORIGIN = "https://www.example.com"
WAIT_SECONDS = 15.0
NOT_TRIED = "not tried: see what failed above"


def examine(
    target: Target,
    base_url: str,
    *,
    deletes: bool = False,
    origin: str = ORIGIN,
    wait_seconds: float = WAIT_SECONDS,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Check]:
    """Yield every check of `CHECKS`, in that order, as it is done.

    ``base_url`` is where the public sees the store, or "". Probes are created in `layout.PROBES`
    and stay there, unless with ``deletes``. Each check ends within seconds, whatever happens;
    ``wait_seconds`` is how long a file is waited for that was asked for before it was there, and
    ``tell`` is told if it is. A store that can't be opened is an `InvalidSetting`.
    """
    done: set[CheckId] = set()
    for check in _tried(
        target, base_url, deletes=deletes, origin=origin, wait_seconds=wait_seconds, tell=tell
    ):
        done.add(check.id)
        yield check
    for check_id in CHECKS:
        if check_id not in done:
            yield unknown(check_id, NOT_TRIED)


def _tried(
    target: Target,
    base_url: str,
    *,
    deletes: bool,
    origin: str,
    wait_seconds: float,
    tell: Callable[[str], None] | None,
) -> Iterator[Check]:
    where = target.address
    if where.kind == "file" and not Path(where.container).is_dir():
        yield failed("reach", f"there is no folder {where.container}", "Create it: mkdir -p.")
        return
    # It says soon what doesn't work; publishing is more patient.
    store = Store(where, {**target.options, **target.credentials()}, purpose="look")
    trial = Trial(store, secrets.token_hex(8), cache_control=target.cache_control, tell=tell)
    yield from access.begin(trial)
    if not trial.created:
        return
    yield from stored.keeping(trial)
    if base_url.startswith(("http://", "https://")):
        yield from served.served(trial, base_url, origin=origin, wait_seconds=wait_seconds)
    else:
        yield from served.unserved(
            f"no public URL to ask{f': {base_url} is a path of your site' if base_url else ''}",
            "Set `base_url` (--base-url) to the URL under which the store is seen.",
        )
    yield access.clock(trial)
    yield kept.kept(trial.store, target, trial.first.key, os.environ)
    yield stored.delete(trial) if deletes else stored.stays(trial)

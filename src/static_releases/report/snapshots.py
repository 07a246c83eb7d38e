"""What the store told, kept in Django's cache: the page asks the store only now and then.

What is listed is kept for a few minutes; documents and what they add up to never change, and are
kept for good.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata

from django.core.cache import cache

from static_releases.core import additions, overview
from static_releases.core.configuration import Configuration
from static_releases.core.errors import StaticReleasesError
from static_releases.core.overview import Overview, Seen
from static_releases.core.remembering import Remembering

FRESH = timedelta(minutes=5)
# An older answer is better than none while the store is down.
_KEPT_SECONDS = 24 * 3600
# Not everyone who looks at the page has to wait for a store that doesn't answer.
_TROUBLE_SECONDS = 15
# Each takes a read and some milliseconds; the others follow with the next refresh.
_COMPARED_AT_ONCE = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What there is to show; ``trouble`` says why it is old, or not there at all."""

    overview: Overview | None
    trouble: str = ""


def shown(config: Configuration, *, refresh: bool = False) -> Shown:
    """Return what the store holds, asking it where the cache is older than `FRESH`."""
    try:
        keys = _Keys(config)
    except StaticReleasesError as error:
        return Shown(overview=None, trouble=str(error))
    seen: Seen | None = cache.get(keys.seen)
    trouble: str = "" if refresh else cache.get(keys.trouble, "")
    if trouble or (seen and not refresh and datetime.now(UTC) - seen.seen_at < FRESH):
        return _shown(seen, cache.get(keys.added, {}), trouble)
    try:
        fresh, added = _ask(config, keys)
    except StaticReleasesError as error:
        cache.set(keys.trouble, str(error), _TROUBLE_SECONDS)
        return _shown(seen, cache.get(keys.added, {}), str(error))
    cache.delete(keys.trouble)
    return _shown(fresh, added, "")


def _ask(config: Configuration, keys: "_Keys") -> tuple[Seen, dict[str, int]]:
    store = Remembering(config.open_store(purpose="look"), cache.get(keys.documents, {}))
    seen = overview.look(store)
    cache.set(keys.seen, seen, _KEPT_SECONDS)
    cache.set(keys.documents, store.documents, None)
    steps = additions.steps(seen.releases)
    cached: dict[str, int] = cache.get(keys.added, {})
    added = {step.key: cached[step.key] for step in steps if step.key in cached}
    missing = [step for step in steps if step.key not in added]
    added.update(additions.measure(store, missing[:_COMPARED_AT_ONCE]))
    cache.set(keys.added, added, None)
    return seen, added


def _shown(seen: Seen | None, added: dict[str, int], trouble: str) -> Shown:
    return Shown(overview=overview.of(seen, added) if seen else None, trouble=trouble)


class _Keys:
    """Names in the cache: what is pickled there belongs to one store and to one version of us."""

    def __init__(self, config: Configuration) -> None:
        target = config.require_target()
        url = target.own_url or target.address.public_url(target.options, os.environ) or ""
        names = (str(target.address), url, metadata.version("django-static-releases"))
        digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
        self.seen = f"static_releases.report.{digest}.seen"
        self.documents = f"static_releases.report.{digest}.documents"
        self.added = f"static_releases.report.{digest}.added"
        self.trouble = f"static_releases.report.{digest}.trouble"

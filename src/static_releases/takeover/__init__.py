"""A ``store`` that is a storage of django-storages: what it is set to is taken over.

The class is the judge of its own settings: it is made with its own means, which asks the network
nothing, and then asked. That happens when the store is first needed, so that a web worker with
``base_url`` never loads it or the cloud's SDK beneath it.

- `entry`: the forms that the option may have
- `making`: the class into a storage, refused where it can't be taken over
- `taken`: the storage that was made, and how it is asked
- `options`: every option of the three families, and what becomes of it
- `azure`, `s3`, `google`: one family each into a `Target`
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from static_releases.core.target import Later, Target
from static_releases.takeover import azure, entry, google, making, s3
from static_releases.takeover.taken import NotSet

__all__ = ["NotSet", "recognize"]

_FAMILIES = (azure.FAMILY, s3.FAMILY, google.FAMILY)


def recognize(
    store: str | Mapping[str, Any],
    *,
    store_options: Mapping[str, Any] | None = None,
    versions: Iterable[object] = (),
    needs_url: bool = True,
) -> str | Later:
    """Return a store URL as it is, and anything else as the target that it will turn out to be.

    ``versions`` are those that a hand-made class may put before every name. Without
    ``needs_url`` nothing is asked that only the public URL depends on. ``store_options`` are laid
    over what is taken over. Raises `InvalidSetting` for what can be seen to be wrong at once.
    """
    if isinstance(store, str) and (not store.strip() or ":" in store):
        return store.strip()
    found = entry.read(store)
    known_versions = frozenset(v for v in versions if isinstance(v, str) and v)

    def find() -> Target:
        storage = making.make(found, _FAMILIES, versions=known_versions, needs_url=needs_url)
        return _with_options(storage.family.target(storage), store_options or {})

    return Later(found.name, find)


def _with_options(target: Target, given: Mapping[str, Any]) -> Target:
    """Lay ``store_options`` over what was taken over."""
    client = {
        **target.options.get("client_options", {}),
        **(given.get("client_options") or {}),
    }

    def credentials() -> Mapping[str, Any]:
        mine = target.credentials()
        return {name: value for name, value in mine.items() if name not in given}

    options = {**target.options, **given, "client_options": client}
    return replace(target, options=options, credentials=credentials)

"""A store under examination, and what was learned of it so far."""

import re
from collections.abc import Callable

from static_releases.core.diagnosis.model import Probe, probe
from static_releases.core.errors import StoreError
from static_releases.core.headers import IMMUTABLE
from static_releases.core.store import Store


class Trial:
    """One store under examination, and what was learned of it so far.

    ``first`` is there from the beginning, ``late`` is asked for before it is there, and two
    create ``raced`` at once. ``tell`` is told what is being waited for.
    """

    def __init__(
        self,
        store: Store,
        token: str,
        *,
        cache_control: str = IMMUTABLE,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.store = store
        self.tell = tell or (lambda _text: None)
        self.first = probe(token, "first", cache_control=cache_control)
        self.raced = probe(token, "race", cache_control=cache_control)
        self.late = probe(token, "late", cache_control=cache_control)
        self.listing: StoreError | None = None
        self.creation: StoreError | None = None
        self.created: list[str] = []

    def create(self, wanted: Probe) -> StoreError | None:
        """Create a probe, and return how that failed, or None."""
        error = error_of(lambda: self.store.create(wanted.key, wanted.body, wanted.asset.headers))
        if error is None:
            self.created.append(wanted.key)
        return error


def error_of(act: Callable[[], object]) -> StoreError | None:
    """Do something with a store, and return how it failed, or None."""
    try:
        act()
    except StoreError as error:
        return error
    return None


def short(error: StoreError) -> str:
    """Return the store's own words, or the credential's, where the message ends with them."""
    text = str(error)
    said = re.split(r"The (?:store|credential) said: ", text)[-1]
    return said if len(said) < len(text) else text.partition(" The last attempt ended with:")[0]

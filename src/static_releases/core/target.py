"""The store that was chosen: its address, how its client is made, the URL that the public sees."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from static_releases.core import headers
from static_releases.core.address import Address
from static_releases.core.errors import InvalidSetting


def _none() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A store, as whoever configured it means it; nothing of it was asked yet.

    ``options`` go to the client as they are. ``credentials`` returns further options and is
    called when the store is opened: a web worker never comes there. ``own_url`` is a public URL
    that was set for the store itself, or "": then it is told from address and options.
    """

    address: Address
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    credentials: Callable[[], Mapping[str, Any]] = field(default=_none, repr=False)
    own_url: str = ""
    cache_control: str = headers.IMMUTABLE

    @property
    def has_own_url(self) -> bool:
        """Tell whether the store itself shows its objects to the public, as a cloud's does."""
        return self.address.kind not in {"file", "memory"}

    def url(self) -> str:
        """Return the store's own public URL, or raise `InvalidSetting`."""
        url = self.own_url or self.address.public_url(self.options, os.environ)
        if not url:
            kind = self.address.kind
            needed = {"azure": "the account's name", "s3": "the region"}.get(kind, "it")
            raise InvalidSetting(
                f"The public URL of {self.address} can't be told: {needed} isn't known here. Set "
                "the option `base_url` (the CDN, or the store's own URL)."
            )
        return url


class Later:
    """A target that is worked out when it is first needed, and then kept.

    Working it out may load a project's storage class with a cloud's SDK beneath it.
    """

    def __init__(self, name: str, find: Callable[[], Target]) -> None:
        self.name = name
        self._find = find
        self._found: Target | None = None

    def __call__(self) -> Target:
        """Return the target, or raise `InvalidSetting`."""
        if self._found is None:
            self._found = self._find()
        return self._found

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<Later {self.name}>"

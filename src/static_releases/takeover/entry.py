"""The forms of a ``store`` that isn't a URL: an entry as in STORAGES, its alias, a class."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import STATICFILES_STORAGE_ALIAS, settings

from static_releases.core.errors import InvalidSetting

_DOTTED_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
# Shorter than any cloud's key.
_NAME = re.compile(r"[\w.-]{1,30}")
_KEYS = ("BACKEND", "OPTIONS")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A storage class by its dotted path, and the options that it is made with."""

    name: str
    backend: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read(store: object) -> Entry:
    """Return the entry that the option means; nothing is imported.

    Raises `InvalidSetting` with the nearest name that would be right.
    """
    if isinstance(store, Mapping):
        return _of_mapping(store, name="")
    if not isinstance(store, str):
        raise InvalidSetting(
            f"`store` is of type {type(store).__name__}; expected a store URL, a "
            '{"BACKEND": ..., "OPTIONS": {...}} entry, the dotted path of a storage class, or '
            "an alias of STORAGES."
        )
    store = store.strip()
    if store in _aliases():
        return _of_mapping(settings.STORAGES[store], name=f'STORAGES["{store}"]')
    if _DOTTED_PATH.fullmatch(store):
        return Entry(name=store, backend=store)
    raise InvalidSetting(
        f"`store` is {_shown(store)}, which is no store URL (az://container/prefix, "
        "s3://bucket/prefix, gs://bucket/prefix, file:///srv/releases), no dotted path of a "
        f"storage class, and no other alias of STORAGES.{nearest(store, _aliases())}"
    )


def nearest(name: str, names: Iterable[str]) -> str:
    """Return " Did you mean ...?" with the nearest of these names, or ""."""
    close = difflib.get_close_matches(name, sorted(names), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _shown(store: str) -> str:
    """Show what can be a name: a connection string or a key may have been put here."""
    return repr(store) if _NAME.fullmatch(store) else "(not shown)"


def _aliases() -> set[str]:
    """Return the other storages: the one that releases are collected with can't be its store."""
    return set(settings.STORAGES) - {STATICFILES_STORAGE_ALIAS}


def _of_mapping(value: Mapping[str, Any], *, name: str) -> Entry:
    shown = f"`store` ({name})" if name else "`store`"
    unknown = sorted(map(str, value.keys() - set(_KEYS)))
    if unknown:
        raise InvalidSetting(
            f"{shown} has the unknown key {unknown[0]!r}.{nearest(unknown[0], _KEYS)} An entry "
            "has BACKEND and OPTIONS, as in STORAGES."
        )
    backend, options = value.get("BACKEND"), value.get("OPTIONS", {})
    if not isinstance(backend, str) or not _DOTTED_PATH.fullmatch(backend):
        raise InvalidSetting(
            f"{shown} needs BACKEND, the dotted path of a storage class such as "
            "storages.backends.azure_storage.AzureStorage."
        )
    if not isinstance(options, Mapping):
        raise InvalidSetting(f"{shown} has OPTIONS of type {type(options).__name__}, not a dict.")
    return Entry(name=name or backend, backend=backend, options=dict(options))

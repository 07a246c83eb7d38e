"""The values of OPTIONS as the types that they are meant to be; a wrong one is told by its name.

Only what can be handed on without a second look leaves here. An option that may be left out takes
None for that; text and paths take "" too, which is what an unset environment variable gives.
"""

import os
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from static_releases.core.errors import InvalidSetting

# Options of the store's client that are themselves mappings.
_NESTED = ("client_options", "config", "retry_config")
_HIGHEST_MODE = 0o7777


def text(name: str, value: object) -> str:
    """Return the text without spaces around it."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(name, value, "a string")
    return value.strip()


def path(name: str, value: object) -> Path | None:
    """Return the path, or None where none is set."""
    if value is None or value == "":
        return None
    written = os.fspath(value) if isinstance(value, str | os.PathLike) else value
    if not isinstance(written, str):
        raise _wrong(name, value, "a path, as a string or a pathlib.Path")
    if "\0" in written:
        raise InvalidSetting(f"`{name}` is {written!r}: no path holds a null character.")
    return Path(written)


def patterns(name: str, value: object) -> tuple[str, ...]:
    """Return the shell patterns; a single string would be taken for its letters."""
    if isinstance(value, str):
        raise InvalidSetting(f"`{name}` is a string; expected a list of patterns: [{value!r}].")
    if isinstance(value, bytes | bytearray) or not isinstance(value, Sequence | Set):
        raise _wrong(name, value, "a list of patterns")
    for pattern in value:
        if not isinstance(pattern, str):
            raise InvalidSetting(f"`{name}` holds {pattern!r}; expected patterns, as strings.")
    return tuple(value)


def mapping(name: str, value: object) -> Mapping[str, Any]:
    """Return the mapping; no value of it is ever shown, since one may be a credential."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong(name, value, "a dict")
    for key in value:
        if not isinstance(key, str):
            raise InvalidSetting(f"`{name}` has the key {key!r}; expected names as strings.")
    for key in _NESTED:
        if value.get(key) is not None:
            mapping(f"{name}.{key}", value[key])
    return value


def flag(name: str, value: object) -> bool:
    """Return the value, which is True or False and nothing that is merely taken for one."""
    if not isinstance(value, bool):
        raise InvalidSetting(f"`{name}` is {value!r}; expected True or False.")
    return value


def mode(name: str, value: object) -> int | None:
    """Return the permissions as `os.chmod` takes them, or None for those of new files."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _HIGHEST_MODE:
        raise InvalidSetting(f"`{name}` is {value!r}; expected None or a number such as 0o644.")
    return value


def _wrong(name: str, value: object, expected: str) -> InvalidSetting:
    return InvalidSetting(f"`{name}` is of type {type(value).__name__}; expected {expected}.")

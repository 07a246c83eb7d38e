"""A project's storage class into the storage that is asked, and what stops it."""

import importlib
import re
from typing import Any

from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InMemoryStorage

from static_releases.core.errors import InvalidSetting
from static_releases.takeover.entry import Entry, nearest
from static_releases.takeover.taken import Family, NotSet, Taken

# What collectstatic asks of any storage.
_METHODS = ("post_process", "save")
# The text of these names a module or a setting; that of others may repeat a value.
_TOLD = (ImportError, ImproperlyConfigured, AttributeError)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


def make(
    entry: Entry, families: tuple[Family, ...], *, versions: frozenset[str], needs_url: bool
) -> Taken:
    """Import the class, make the storage and check that it can be taken over.

    No request is made. Raises `InvalidSetting` naming the option that can't be taken over.
    """
    storage_class = _import(entry, [family.base for family in families])
    family = _family(entry, storage_class, families)
    taken = Taken(
        entry=entry,
        family=family,
        storage=_instance(entry, storage_class, family),
        versions=versions,
        needs_url=needs_url,
    )
    _refuse_own_methods(taken)
    _refuse_options(taken)
    return taken


def _import(entry: Entry, known: list[str]) -> type:
    module_path, _, name = entry.backend.rpartition(".")
    try:
        module = importlib.import_module(module_path)
    except Exception as error:
        # A hand-made class commonly reads its account from the environment as it is imported.
        raise NotSet(
            f"`store` ({entry.name}): {entry.backend} can't be imported: {_told(error)}."
            f"{nearest(entry.backend, known)} Publishing needs django-storages with its extra "
            "(azure, s3 or google), and what the class reads; where only URLs are needed, set "
            "`base_url`, and the class is never imported."
        ) from error
    found = getattr(module, name, None)
    if not isinstance(found, type):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        raise InvalidSetting(
            f"`store` ({entry.name}): {module_path} has no class {name!r}.{nearest(name, classes)}"
        )
    return found


def _told(error: Exception) -> str:
    """Return what an error says, as far as that can't be a credential."""
    if isinstance(error, _TOLD):
        return str(error).rstrip(".")
    if isinstance(error, KeyError) and _VARIABLE.fullmatch(key := str(error.args[0])):
        return f"there is no {key}"
    return f"it fails with {type(error).__name__}"


def _family(entry: Entry, storage_class: type, families: tuple[Family, ...]) -> Family:
    ancestors = {f"{c.__module__}.{c.__qualname__}" for c in storage_class.__mro__}
    for family in families:
        if family.base in ancestors:
            return family
    expected = ", ".join(family.base for family in families)
    raise InvalidSetting(
        f"`store` ({entry.name}): {entry.backend} is none of the classes that can be taken over, "
        f"nor derived from one: {expected}.{nearest(entry.backend, (f.base for f in families))}"
    )


def _instance(entry: Entry, storage_class: type, family: Family) -> Any:
    try:
        return storage_class(**entry.options, **_without_requests(storage_class))
    except ImproperlyConfigured as error:
        unknown = sorted(entry.options.keys() - family.by_name.keys())
        if unknown:
            raise InvalidSetting(
                f"`store` ({entry.name}) has the unknown option {unknown[0]!r}."
                f"{nearest(unknown[0], family.by_name)}"
            ) from error
        raise InvalidSetting(f"`store` ({entry.name}): {error}") from error
    except Exception as error:
        raise NotSet(
            f"`store` ({entry.name}): {entry.backend} can't be made with its options and settings: "
            f"{_told(error)}."
        ) from error


def _without_requests(storage_class: type) -> dict[str, Any]:
    """Return what keeps a class from asking the network when it is made.

    One with hashed names reads its manifest at once, from itself unless another is named.
    """
    if not issubclass(storage_class, ManifestFilesMixin):
        return {}
    return {"manifest_storage": InMemoryStorage()}


def _refuse_own_methods(taken: Taken) -> None:
    method = taken.own_method(*_METHODS, *taken.family.methods)
    if method:
        raise InvalidSetting(
            f"`store` ({taken.entry.name}): the class's own {method} decides how the store is "
            "reached or what is stored, and can't be taken over from django-storages. Name a "
            "class without it, or give the store as a URL."
        )
    if taken.needs_url and taken.own_method("url"):
        raise InvalidSetting(
            f"`store` ({taken.entry.name}): the class has its own url(), so the URL of a release "
            "can't be told from its options. Set `base_url`."
        )


def _refuse_options(taken: Taken) -> None:
    for option in taken.family.options:
        if option.fate == "refused" and taken[option.name] not in option.harmless:
            raise taken.refusal(option.name, option.why)
    own = taken.storage.get_default_settings().keys() if _has_own_options(taken) else set()
    for name in taken.entry.options.keys() - taken.family.by_name.keys() - own:
        raise taken.refusal(name, "this version of django-static-releases doesn't know it.")


def _has_own_options(taken: Taken) -> bool:
    return taken.own_method("get_default_settings") is not None

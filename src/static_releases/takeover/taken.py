"""A storage of django-storages that was made with its own means, and how it is asked."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InMemoryStorage

from static_releases.core import headers
from static_releases.core.errors import InvalidSetting
from static_releases.core.target import Target
from static_releases.takeover.entry import Entry, nearest
from static_releases.takeover.options import Option

_PROBE = "probe/file.txt"
_STOCK_MODULES = ("storages", "django")


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """One of django-storages' classes with the classes derived from it.

    ``methods`` decide how a request is made and what is stored: a class with its own can't be
    taken over. ``name_method`` puts the location before a name, ``cache_parameter`` is what an
    object's Cache-Control is called in ``object_parameters``.
    """

    base: str
    options: tuple[Option, ...]
    methods: tuple[str, ...]
    name_method: str
    cache_parameter: str
    target: Callable[["Taken"], Target]

    @property
    def by_name(self) -> Mapping[str, Option]:
        return {option.name: option for option in self.options}


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A storage and where its settings came from; no value of it is ever shown."""

    entry: Entry
    family: Family
    storage: Any = field(repr=False)
    versions: frozenset[str]
    needs_url: bool

    def __getitem__(self, name: str) -> Any:
        """Return what the class itself takes for the option."""
        return getattr(self.storage, name, None)

    def require(self, name: str) -> str:
        """Return an option that must be set."""
        value = self[name]
        if not isinstance(value, str) or not value:
            raise InvalidSetting(
                f"`store` ({self.entry.name}) has no `{name}`: set it in OPTIONS, in the class, or "
                f"as {_or(self.family.by_name[name].settings)}."
            )
        return value

    def is_set(self, name: str) -> bool:
        """Tell whether the project set the option anywhere, instead of leaving its default."""
        return bool(self._source(name))

    def refusal(self, name: str, why: str) -> InvalidSetting:
        """Return the error for an option that can't be taken over; its value isn't shown."""
        source = self._source(name)
        shown = f"`{name}` ({source})" if source else f"`{name}`"
        return InvalidSetting(
            f"`store` ({self.entry.name}): {shown} can't be taken over from django-storages: {why}"
        )

    def _source(self, name: str) -> str:
        if name in self.entry.options:
            return "from OPTIONS"
        owner = _owner(type(self.storage), name)
        if owner and not _is_stock(owner):
            return f"from the class {owner.__qualname__}"
        option = self.family.by_name.get(name)
        found = [s for s in option.settings if hasattr(settings, s)] if option else []
        return f"from the setting {found[0]}" if found else ""

    def own_method(self, *names: str) -> str | None:
        """Return the first of these methods that a class of the project's has replaced."""
        for name in names:
            owner = _owner(type(self.storage), name)
            if owner and not _is_stock(owner):
                return name
        return None

    def prefix(self) -> str:
        """Return where releases go, by asking the class where it puts a name.

        A hand-made class puts the version before it. That is what a release's folder is, so
        the version is no part of the prefix.
        """
        method = self.family.name_method
        try:
            key = getattr(self.storage, method)(_PROBE)
        except Exception as error:
            raise self._misplaced(f"it fails with {type(error).__name__}") from error
        if not isinstance(key, str) or not f"/{key}".endswith(f"/{_PROBE}"):
            raise self._misplaced("it changes the name itself")
        segments = [s for s in key.removesuffix(_PROBE).split("/") if s]
        is_version_last = bool(segments) and segments[-1] in self.versions
        prefix = segments[:-1] if is_version_last else segments
        if self.versions & set(prefix):
            raise self._misplaced("it puts the version before something else")
        is_own = self.own_method(method, "_normalize_name") is not None
        if is_own and not is_version_last and prefix != self._location():
            raise self._misplaced("it puts something before it that isn't the version")
        return "/".join(prefix)

    def _location(self) -> list[str]:
        return [segment for segment in str(self["location"] or "").split("/") if segment]

    def _misplaced(self, what: str) -> InvalidSetting:
        return InvalidSetting(
            f"`store` ({self.entry.name}): the class's {self.family.name_method} decides where a "
            f"name goes, and {what}. A release of v1.2.3 is a folder <location>/v1.2.3/: use "
            "`location` for what goes before it, and RELEASE_VERSION for the version."
        )

    def cache_control(self) -> str:
        """Return the header that the class gives every object, else a release's own."""
        parameters = self["object_parameters"] or {}
        unmapped = sorted(map(str, set(parameters) - {self.family.cache_parameter}))
        if unmapped:
            raise self.refusal(
                "object_parameters",
                f"{', '.join(unmapped)} would change what is stored; only "
                f"{self.family.cache_parameter} is taken over. Override it with "
                '"object_parameters": {} in OPTIONS.',
            )
        value = parameters.get(self.family.cache_parameter)
        name = "object_parameters" if value else "cache_control"
        if not value and "cache_control" in self.family.by_name:
            value = self["cache_control"]
        if value and not (isinstance(value, str) and value.isprintable()):
            raise self.refusal(name, "the value for Cache-Control isn't a line of text.")
        return value or headers.IMMUTABLE

    def verification(self, name: str, value: object) -> dict[str, Any]:
        """Return the client's options for how a certificate is checked."""
        if value is None or value is True:
            return {}
        if value is False:
            return {"allow_invalid_certificates": True}
        try:
            return {"root_certificate": Path(str(value)).read_bytes()}
        except OSError as error:
            raise self.refusal(name, f"the file can't be read: {error.strerror}.") from error

    def refuse_signed(self, name: str) -> None:
        """Refuse signed URLs, where they were asked for and the public URL depends on it."""
        if self.needs_url and self[name] and self.is_set(name):
            raise self.refusal(
                name,
                "the URLs of a release aren't signed. Unset it once the store can be read "
                "without credentials, or set `base_url` to a CDN that may read it.",
            )


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
    except (ImportError, ImproperlyConfigured) as error:
        raise InvalidSetting(
            f"`store` ({entry.name}): {entry.backend} can't be imported: {error}."
            f"{nearest(entry.backend, known)} Publishing needs django-storages with its extra "
            "(azure, s3 or google); where only URLs are needed, set `base_url`, and the class is "
            "never imported."
        ) from _import_error(error)
    found = getattr(module, name, None)
    if not isinstance(found, type):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        raise InvalidSetting(
            f"`store` ({entry.name}): {module_path} has no class {name!r}.{nearest(name, classes)}"
        )
    return found


def _import_error(error: BaseException) -> BaseException:
    """Return the missing module beneath an error: django-storages wraps some of them."""
    beneath = error.__cause__ or error.__context__
    return beneath if isinstance(beneath, ImportError) else error


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
        # The text may repeat a connection string or a key.
        raise InvalidSetting(
            f"`store` ({entry.name}): {entry.backend} can't be made with its options and settings: "
            f"it fails with {type(error).__name__}."
        ) from error


def _without_requests(storage_class: type) -> dict[str, Any]:
    """Return what keeps a class from asking the network when it is made.

    One with hashed names reads its manifest at once, from itself unless another is named.
    """
    if not issubclass(storage_class, ManifestFilesMixin):
        return {}
    return {"manifest_storage": InMemoryStorage()}


def _refuse_own_methods(taken: Taken) -> None:
    method = taken.own_method(*taken.family.methods)
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


def _owner(storage_class: type, name: str) -> type | None:
    return next((c for c in storage_class.__mro__ if name in vars(c)), None)


def _is_stock(owner: type) -> bool:
    return owner.__module__.partition(".")[0] in _STOCK_MODULES


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(names)

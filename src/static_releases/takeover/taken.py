"""A storage of django-storages that was made with its own means, and how it is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings

from static_releases.core import headers
from static_releases.core.errors import InvalidSetting
from static_releases.core.target import Target
from static_releases.takeover.entry import Entry
from static_releases.takeover.options import Option

_PROBE = "probe/file.txt"
_STOCK_MODULES = ("storages", "django")


class NotSet(InvalidSetting):
    """What only whoever publishes has is missing: an account's connection string, a cloud's SDK."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """One of django-storages' classes with the classes derived from it.

    ``methods`` decide how a request is made and what is stored, beside those that any storage
    has: a class with its own can't be taken over. ``name_method`` puts the location before a
    name, ``cache_parameter`` is what an object's Cache-Control is called in
    ``object_parameters``.
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

    def text(self, name: str) -> str:
        """Return an option that is a string, or "" where none is set."""
        value = self[name] or ""
        if not isinstance(value, str):
            raise self.refusal(name, f"it is of type {type(value).__name__}, not a string.")
        return value

    def require(self, name: str, *, or_else: str = "") -> str:
        """Return an option that must be set, unless there is another that says as much."""
        value = self.text(name)
        if not value:
            names = " or ".join(self.family.by_name[name].settings)
            raise NotSet(
                f"`store` ({self.entry.name}) has no `{name}`: set it in OPTIONS, in the class, or "
                f"as {names}{f', or `{or_else}` in its place' if or_else else ''}."
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
        if not isinstance(parameters, Mapping):
            raise self.refusal("object_parameters", "it is no dict.")
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

    def custom_domain(self) -> str:
        """Return the host that the class writes into URLs, or "" where none is set."""
        domain = self.text("custom_domain")
        if "://" in domain:
            raise self.refusal(
                "custom_domain", "it is a host, as in cdn.example.com; a URL goes into `base_url`."
            )
        return domain

    def refuse_signed(self, name: str) -> None:
        """Refuse signed URLs, where they were asked for and the public URL depends on it."""
        if self.needs_url and self[name] and self.is_set(name):
            raise self.refusal(
                name,
                "the URLs of a release aren't signed. Unset it once the store can be read "
                "without credentials, or set `base_url` to a CDN that may read it.",
            )


def public_url(base: str, prefix: str) -> str:
    """Return the URL under which the versions are, from that of the container."""
    return f"{base.rstrip('/')}/{quote(prefix)}/" if prefix else f"{base.rstrip('/')}/"


def _owner(storage_class: type, name: str) -> type | None:
    return next((c for c in storage_class.__mro__ if name in vars(c)), None)


def _is_stock(owner: type) -> bool:
    return owner.__module__.partition(".")[0] in _STOCK_MODULES

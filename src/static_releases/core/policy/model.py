"""What a policy consists of: one part for each purpose, and what holds for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from static_releases.core.address import Address

Purpose = Literal["publish", "prune", "read", "public", "cors"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

# The folders of which nothing is ever deleted, by whoever may delete the rest.
KEPT = ("_releases", "_pins")
# What decides over published releases, and what publishing never writes. Whoever could would let
# the next prune delete a release that is in use.
DECISIONS = ("_releases/*/retired-*", "_releases/*/verdict-*", "_pins/*")
CORS_METHODS = ("GET", "HEAD")
CORS_MAX_AGE_SECONDS = 86_400

WHY_NO_LIFECYCLE = (
    "Set no lifecycle rule that deletes by age: it would delete the objects of the release that "
    "production runs as soon as they are old enough, and the documents that say what was "
    "published. `prune` knows which releases are pinned. A rule that ends multipart uploads, or "
    "deletes noncurrent versions, is harmless."
)
WHY_ALL_ORIGINS = (
    "CORS allows every origin unless --origin names some: assets are public, and a cache before "
    "the store may then keep one answer for all of them."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """For which store a policy is wanted, and what was said about it.

    ``settings`` are what is known of the store beside its address: ``account``, ``endpoint``
    and ``region``, where they are known. ``origins`` are a site's, for CORS. ``distribution`` is
    the ARN of the CDN that alone may read the bucket, or "".
    """

    address: Address
    settings: Mapping[str, str] = field(default_factory=dict)
    origins: tuple[str, ...] = ("*",)
    distribution: str = ""

    def key(self, path: str) -> str:
        """Return the key of something in the store, with the store's prefix."""
        return f"{self.address.prefix}/{path}" if self.address.prefix else path


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What one purpose needs: ``document`` is JSON for the cloud's command line, or None.

    ``but`` says what the cloud can't express, or what comes with it. The commands read the
    document from a file that is called like the purpose, such as ``publish.json``.
    """

    purpose: Purpose
    may: str
    may_not: str = ""
    but: tuple[str, ...] = ()
    document: Any = None
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Everything that a store needs to be told, in the order of `PURPOSES`."""

    store: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    def part(self, purpose: Purpose) -> Part:
        """Return the part of this purpose."""
        return next(part for part in self.parts if part.purpose == purpose)

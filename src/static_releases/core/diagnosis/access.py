"""Try whether the store is reached, whether the credential is accepted, and what time it is."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from static_releases.core import layout
from static_releases.core.diagnosis.model import Check, failed, passed, unknown
from static_releases.core.diagnosis.trial import Trial, error_of, short
from static_releases.core.errors import (
    AccessDenied,
    CredentialFailed,
    StoreError,
    StoreMissing,
    StoreUnreachable,
)

# Signatures and SAS are refused from a quarter of an hour on.
_MAX_SKEW = timedelta(minutes=5)
# Where the clouds' tools look for a credential that is set nowhere.
_SEARCH = re.compile(
    r"169\.254\.169\.254|metadata\.google|/latest/api/token|/latest/meta-data|/metadata/identity"
)


def begin(trial: Trial) -> Iterator[Check]:
    """Reach the store, and create the first probe: what all else depends on.

    Nothing is yielded of what can't be told as long as something before it fails.
    """
    started = time.monotonic()
    trial.listing = error_of(lambda: next(iter(trial.store.objects(layout.PROBES)), None))
    seconds = time.monotonic() - started
    if isinstance(trial.listing, StoreUnreachable):
        yield from _unreached(trial.listing)
        return
    if isinstance(trial.listing, CredentialFailed):
        yield from _unsigned(
            "the credential failed before",
            short(trial.listing),
            "Sign in, or mend the credential that the store is configured with.",
        )
        return
    yield passed("reach", f"{trial.store.address} answered in {seconds:.2f} s")
    if isinstance(trial.listing, StoreMissing):
        yield _missing(trial)
        return
    trial.creation = trial.create(trial.first)
    if isinstance(trial.creation, StoreMissing):
        yield _missing(trial)
        return
    if trial.listing is None or trial.creation is None:
        yield passed("container", f"{trial.store.address.container} is there")
        yield _credentials(trial)
    elif isinstance(trial.creation, AccessDenied):
        yield unknown("container", "an answer was denied")
        yield failed(
            "credentials",
            f"neither listing nor creating is allowed: {short(trial.creation)}",
            "Give a credential that is right for this store; `policy` prints what it needs.",
        )
        return
    else:
        yield unknown("container", short(trial.listing))
        yield unknown("credentials", short(trial.creation))
    yield _create(trial)


def _unreached(error: StoreUnreachable) -> Iterator[Check]:
    if _SEARCH.search(str(error)):
        yield from _unsigned(
            "there is no credential to sign it with",
            "none is set, and this machine has no identity of its own",
            "Set the credential where the cloud's tools take it from, or in `store_options`.",
        )
        return
    yield failed(
        "reach",
        short(error),
        "Check the store's URL, its endpoint and region, the network and any proxy.",
    )


def _unsigned(why: str, found: str, todo: str) -> Iterator[Check]:
    yield unknown("reach", f"no request was made: {why}")
    yield unknown("container", "nothing was asked")
    yield failed("credentials", found, todo)


def _missing(trial: Trial) -> Check:
    what = "container" if trial.store.address.kind == "azure" else "bucket"
    return failed(
        "container",
        f"there is no {what} {trial.store.address.container!r}",
        f"Create the {what}, or mend the store's URL.",
    )


def _credentials(trial: Trial) -> Check:
    if trial.store.address.kind == "file":
        return passed("credentials", "a directory needs none")
    return passed("credentials", "accepted")


def _create(trial: Trial) -> Check:
    if trial.creation is None:
        return passed("create", f"{trial.first.key} was created")
    if trial.store.address.kind == "file":
        todo = "Let this user write into the folder: `policy` says how."
    elif isinstance(trial.creation, AccessDenied):
        todo = "Right for reading; publishing needs to create: see `policy --for publish`."
    else:
        todo = "Try it again; if it fails again, the store can't be published to."
    return failed("create", short(trial.creation), todo)


def clock(trial: Trial) -> Check:
    """Compare the store's clock with this machine's."""
    try:
        skew = trial.store.now() - datetime.now(UTC)
    except StoreError as error:
        return unknown("clock", short(error))
    if trial.store.address.kind in {"file", "memory"}:
        return passed("clock", "a directory has this machine's clock")
    seconds = abs(round(skew.total_seconds()))
    if abs(skew) > _MAX_SKEW:
        return failed(
            "clock",
            f"the store's clock and this machine's are {seconds:,} s apart",
            "Set this machine's clock (NTP): signatures are refused from 15 minutes on.",
        )
    return passed("clock", f"{seconds} s apart from the store's")

"""The client library's errors, as errors of this package with what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore import exceptions

from static_releases.core import reasons
from static_releases.core.address import Address
from static_releases.core.errors import (
    AccessDenied,
    CreateUndecided,
    CredentialFailed,
    ObjectExists,
    ObjectMissing,
    StoreError,
    StoreMissing,
    StoreUnreachable,
)


@contextmanager
def translated(address: Address, key: str) -> Iterator[None]:
    """Turn what the client raises into a `StoreError` that names the store and the key.

    The client's own error isn't chained: its text goes on for pages and may hold what was sent.
    """
    try:
        yield
    except exceptions.AlreadyExistsError as error:
        raise _exists(address, key, error) from None
    except (exceptions.BaseError, OSError, ValueError, NotImplementedError) as error:
        raise _translation(address, key, error) from None


def _exists(address: Address, key: str, error: Exception) -> ObjectExists:
    # S3 says 412 for a key that is taken. Its 409 (ConditionalRequestConflict) says that another
    # request for the key is under way, which may fail yet: "on a 409 failure you should retry".
    if address.kind == "s3" and reasons.status(error) == "409":
        return CreateUndecided(f"Another request for {key} in {address} is under way.")
    return ObjectExists(f"{key} is in {address} already.")


def _translation(address: Address, key: str, error: Exception) -> StoreError:
    # A listing's failure has no class of its own; the status in its text tells it apart.
    status = reasons.status(error)
    denials = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
    # A bulk delete on S3 succeeds as a request, and tells of each key in its body.
    is_denied_in_bulk = "(code: AccessDenied)" in str(error)
    if isinstance(error, denials) or status in {"401", "403"} or is_denied_in_bulk:
        return _denied(address, key, error)
    if isinstance(error, FileNotFoundError) or status == "404":
        return _missing(address, key, error)
    return _failed(address, key, error)


def _denied(address: Address, key: str, error: Exception) -> AccessDenied:
    told = reasons.of_credential(error)
    if told is not None:
        return CredentialFailed(
            f"{address} was asked nothing, as the credential that it is configured with can't be "
            f"had: sign in, or mend it. The credential said: {told}"
        )
    return AccessDenied(
        f"{address} denied access to {key or 'its listing'}: the credential is missing, wrong, "
        f"expired, or may not do this. The store said: {reasons.line(error)}"
    )


def _missing(address: Address, key: str, error: Exception) -> StoreError:
    text = str(error)
    if re.search(r"ContainerNotFound|NoSuchBucket", text) or "list request" in text:
        what = "container" if address.kind == "azure" else "bucket"
        return StoreMissing(
            f"{address} has no {what} {address.container!r}: create it first, or mend the name. "
            f"The store said: {reasons.line(error)}"
        )
    return ObjectMissing(f"{key} is not in {address}.")


def _failed(address: Address, key: str, error: Exception) -> StoreError:
    line = reasons.line(error)
    if reasons.is_no_answer(line):
        return StoreUnreachable(
            f"{address} did not answer; check the host, the network and any proxy. The last "
            f"attempt ended with: {line}"
        )
    return StoreError(f"{address} failed at {key or 'its listing'}: {line}")

"""Copies that a store makes within itself: no byte passes through here.

Inside one container or bucket by the client library; between two containers of one Azure account
by a request of our own (Copy Blob From URL), signed with the account's key. Both are create-only
where the server honours it.
"""

import os
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from static_releases.core.errors import InvalidSetting, ObjectExists, StoreError
from static_releases.core.policy import sas
from static_releases.core.store import Store
from static_releases.core.target import Target

# Copies the object of this key, or raises `ObjectExists` or another `StoreError`.
Copy = Callable[[str], None]

# Whoever may create and not overwrite is told the latter two for a key that is taken, by Azure and
# by Azurite.
_TAKEN = {"BlobAlreadyExists", "UnauthorizedBlobOverwrite", "AuthorizationPermissionMismatch"}
_SIGNED_FOR = timedelta(days=1)
_TIMEOUT_SECONDS = 120


def way(source: Store, target: Store) -> Copy | None:
    """Return how one store's objects are copied to the other's keys, or None if there is no way."""
    if source.address.kind not in {"azure", "s3", "gcs"}:
        return None
    root = target.root()
    if root.place() == source.root().place():
        return lambda key: root.copy(_from_root(source, key), _from_root(target, key))
    if source.address.kind == target.address.kind == "azure":
        return _between_containers(source, target)
    return None


def _from_root(store: Store, key: str) -> str:
    return f"{store.address.prefix}/{key}" if store.address.prefix else key


def _between_containers(source: Store, target: Store) -> Copy | None:
    key = sas.account_key(_target(target), os.environ)
    account = target.address.setting("account_name", target.options, os.environ)
    if _service(source) != _service(target) or not key or not account:
        return None
    try:
        may_read, may_create = (
            _signed(store, account, key, permissions)
            for store, permissions in ((source, "r"), (target, "c"))
        )
    except InvalidSetting:
        return None

    def copy(name: str) -> None:
        path = quote(name)
        _copy(f"{source.place()}{path}?{may_read}", f"{target.place()}{path}?{may_create}", name)

    return copy


def _target(store: Store) -> Target:
    return Target(address=store.address, options=store.options)


def _service(store: Store) -> str:
    """Return the URL of the account's blob service, that the container's begins with."""
    return store.root().place().removesuffix(f"/{store.address.container}/")


def _signed(store: Store, account: str, key: str, permissions: str) -> str:
    return sas.for_container(
        store.address,
        account=account,
        key=key,
        permissions=permissions,
        expires_at=datetime.now(UTC) + _SIGNED_FOR,
        https_only=store.place().startswith("https://"),
    )


def _copy(source_url: str, url: str, name: str) -> None:
    """https://learn.microsoft.com/rest/api/storageservices/copy-blob-from-url: up to 256 MiB."""
    headers = {
        "x-ms-copy-source": source_url,
        "x-ms-requires-sync": "true",
        "If-None-Match": "*",
        "Content-Length": "0",
    }
    request = urllib.request.Request(url, method="PUT", headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310
            return
    except urllib.error.HTTPError as refusal:
        if refusal.code == 412 or refusal.headers["x-ms-error-code"] in _TAKEN:
            raise ObjectExists(f"{name} is there already.") from None
        raise StoreError(f"{name} was not copied: {refusal.code} {refusal.reason}") from None
    except OSError as error:
        raise StoreError(f"{name} was not copied: {type(error).__name__}") from None

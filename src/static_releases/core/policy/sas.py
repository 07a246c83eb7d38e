"""Shared access signatures of Azure, signed with the account's key.

Azure documents what is signed, and in which order:
https://learn.microsoft.com/rest/api/storageservices/create-service-sas
https://learn.microsoft.com/rest/api/storageservices/create-account-sas
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from static_releases.core.address import Address
from static_releases.core.errors import InvalidSetting
from static_releases.core.target import Target

# The first version whose signature covers an encryption scope; later ones sign the same.
_VERSION = "2020-12-06"
# Whatever the client takes for the account's key.
_KEY_NAMES = ("account_key", "access_key", "master_key")


def account_key(target: Target, environ: Mapping[str, str]) -> str | None:
    """Return the key of the account that the store was configured with, if it was with one.

    A credential that has to be asked for is no key, and isn't asked.
    """
    given = {**target.options, **target.credentials()}
    provider = given.get("credential_provider")
    if provider is not None:
        key = getattr(provider, "access_key", None)
        return str(key) if key else None
    found = (target.address.setting(name, given, environ) for name in _KEY_NAMES)
    return next((key for key in found if key), None)


def for_container(
    address: Address,
    *,
    account: str,
    key: str,
    permissions: str,
    expires_at: datetime,
    https_only: bool,
) -> str:
    """Return a SAS for the container, as the query of a URL.

    It has no beginning, so that no clock is too early for it. Raises `InvalidSetting` for a key
    that can't be one.
    """
    protocol = "https" if https_only else "https,http"
    expiry = _time(expires_at)
    resource = f"/blob/{account}/{address.container}"
    # Start, identifier and IP are not used; after the resource's type come the snapshot, the
    # encryption scope, and five headers to answer with.
    fields = [permissions, "", expiry, resource, "", "", protocol, _VERSION, "c", *[""] * 7]
    return _query(
        sv=_VERSION,
        sp=permissions,
        se=expiry,
        sr="c",
        spr=protocol,
        sig=_signature(key, "\n".join(fields)),
    )


def for_service(*, account: str, key: str, expires_at: datetime, https_only: bool) -> str:
    """Return a SAS with which the properties of the account's blob service can be read."""
    protocol = "https" if https_only else "https,http"
    expiry = _time(expires_at)
    fields = [account, "r", "b", "s", "", expiry, "", protocol, _VERSION, "", ""]
    return _query(
        sv=_VERSION,
        ss="b",
        srt="s",
        sp="r",
        se=expiry,
        spr=protocol,
        sig=_signature(key, "\n".join(fields)),
    )


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _signature(key: str, text: str) -> str:
    try:
        secret = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSetting("The account's key is no base64: it can't sign a SAS.") from None
    return base64.b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).decode()


def _query(**parameters: Any) -> str:
    return urlencode(parameters)

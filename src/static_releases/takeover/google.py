"""GoogleCloudStorage, and a project's classes derived from it."""

import os
import threading
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from static_releases.core.address import Address
from static_releases.core.target import Target
from static_releases.takeover import options
from static_releases.takeover.taken import Family, Taken, public_url

# Google's scope for reading, writing and deleting objects.
_SCOPES = ("https://www.googleapis.com/auth/devstorage.read_write",)
_HOST = "https://storage.googleapis.com"


def target(taken: Taken) -> Target:
    """Return the store that the storage writes to."""
    bucket = taken.require("bucket_name")
    prefix = taken.prefix()
    emulator = _emulator()
    return Target(
        address=Address(kind="gcs", container=bucket, prefix=prefix),
        options={"base_url": emulator} if emulator else {},
        credentials=lambda: _credentials(taken, emulator),
        own_url=_own_url(taken, emulator or _HOST, bucket, prefix),
        cache_control=taken.cache_control(),
    )


def _emulator() -> str | None:
    """Return the host that Google's SDK takes instead of its own, if any."""
    host = os.environ.get("STORAGE_EMULATOR_HOST")
    if not host:
        return None
    return (host if "://" in host else f"http://{host}").rstrip("/")


def _credentials(taken: Taken, emulator: str | None) -> Mapping[str, Any]:
    """Return the credential as Google's SDK would find it."""
    from google import auth
    from google.auth.credentials import AnonymousCredentials, with_scopes_if_required

    credentials = taken["credentials"]
    if isinstance(credentials, AnonymousCredentials) or (credentials is None and emulator):
        return {"skip_signature": True}
    if credentials is None:
        try:
            credentials, _ = auth.default(scopes=_SCOPES)
        except auth.exceptions.DefaultCredentialsError as error:
            raise taken.refusal("credentials", f"there are none, and Google's: {error}") from error
    scoped = with_scopes_if_required(credentials, list(_SCOPES))  # type: ignore[no-untyped-call]
    return {"credential_provider": _Tokens(scoped)}


class _Tokens:
    """A credential of google.auth as a callable of the client's, which asks from any thread."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self._lock = threading.Lock()

    def __call__(self) -> Mapping[str, Any]:
        from google.auth.transport.requests import Request

        with self._lock:
            if not self._credentials.valid:
                self._credentials.refresh(Request())
            expiry = self._credentials.expiry
            # google.auth's times are UTC without saying so.
            return {
                "token": self._credentials.token,
                "expires_at": expiry.replace(tzinfo=UTC) if expiry else None,
            }


def _own_url(taken: Taken, host: str, bucket: str, prefix: str) -> str:
    if not taken.needs_url:
        return ""
    taken.refuse_signed("querystring_auth")
    return public_url(taken["custom_endpoint"] or f"{host}/{bucket}", prefix)


FAMILY = Family(
    base="storages.backends.gcloud.GoogleCloudStorage",
    options=options.GOOGLE,
    methods=("_save", "bucket", "client", "get_object_parameters"),
    name_method="_normalize_name",
    cache_parameter="cache_control",
    target=target,
)

"""What the servers that speak S3 have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

if TYPE_CHECKING:
    from tests.servers.serving import Server

ACCESS_KEY_ID = "TESTS"
REGION = "us-east-1"


def s3_options(origin: str, secret: str, access_key_id: str = ACCESS_KEY_ID) -> dict[str, Any]:
    """Return obstore's options for an S3 server on loopback."""
    return {
        "endpoint": origin,
        "region": REGION,
        "access_key_id": access_key_id,
        "secret_access_key": secret,
        "virtual_hosted_style_request": False,
        "client_options": {"allow_http": True},
    }


def can_put(server: Server) -> bool:
    """Tell whether an object can be written and deleted, so that the bucket is there too.

    A door that is open says little: SeaweedFS accepts requests seconds before it can store.
    """
    store = S3Store.from_url(
        server.store_url,
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=2)},
        **server.store_options,
    )
    try:
        obstore.put(store, "ready", b"", mode="overwrite")
        obstore.delete(store, "ready")
    except (BaseError, OSError):
        return False
    return True

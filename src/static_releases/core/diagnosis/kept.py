"""Find out whether the store keeps what is deleted: versioning, and soft delete.

Only what can be told from an answer is told: the version of an object in S3 and Azure, and the
properties of Azure's service and of Google's bucket where the credential reads them. For the
rest there is a command to ask with.
"""

import json
import re
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from static_releases.core.diagnosis.model import Check, passed, unknown, warned
from static_releases.core.errors import InvalidSetting, StoreError
from static_releases.core.fetching import Answer, Failure, Fetcher
from static_releases.core.policy import sas
from static_releases.core.store import Store
from static_releases.core.target import Target

_TIMEOUT_SECONDS = 10.0
_MAX_BYTES = 1024 * 1024
_GOOGLE = "https://storage.googleapis.com"
_PRICE = "what prune deletes is kept, and paid for"


def kept(store: Store, target: Target, key: str, environ: Mapping[str, str]) -> Check:
    """Tell whether this store keeps what is deleted; ``key`` is an object that is there."""
    match target.address.kind:
        case "s3":
            return _s3(store, key)
        case "azure":
            return _azure(store, target, key, environ)
        case "gcs":
            return _google(target, environ)
    return passed("kept", "what is deleted is gone")


def _s3(store: Store, key: str) -> Check:
    bucket = shlex.quote(store.address.container)
    try:
        version = store.object_version(key)
    except StoreError:
        ask = f"aws s3api get-bucket-versioning --bucket {bucket}"
        return unknown("kept", "the probe can't be looked at", f"Ask with: {ask}")
    if version:
        return warned(
            "kept",
            f"the bucket keeps versions: {_PRICE}",
            "Let a lifecycle rule end noncurrent versions after some days "
            "(NoncurrentVersionExpiration), or suspend versioning.",
        )
    return passed("kept", "the bucket keeps no versions")


def _azure(store: Store, target: Target, key: str, environ: Mapping[str, str]) -> Check:
    try:
        has_versions = bool(store.object_version(key))
    except StoreError:
        has_versions = False
    properties = _service_properties(target, environ)
    days = None if properties is None else _retention_days(properties)
    kept = [f"deleted blobs for {days} days (soft delete)"] if days else []
    kept += ["versions"] if has_versions else []
    if kept:
        return warned(
            "kept",
            f"the account keeps {' and '.join(kept)}: {_PRICE}",
            "A net that may be worth it; else shorten it (az storage account "
            "blob-service-properties update).",
        )
    if days is None:
        account = shlex.quote(target.address.setting("account_name", target.options, environ) or "")
        return unknown(
            "kept",
            "versions aren't kept; this credential can't read whether deleted blobs are",
            "Ask with: az storage account blob-service-properties show --account-name "
            f"{account or 'ACCOUNT'} --query deleteRetentionPolicy",
        )
    return passed("kept", "neither versions nor deleted blobs are kept")


def _service_properties(target: Target, environ: Mapping[str, str]) -> str | None:
    """Return the properties of the account's blob service, or None where they can't be read."""
    name = target.address.setting("account_name", target.options, environ)
    endpoint = target.address.endpoint(target.options, environ)
    url = endpoint or f"https://{name}.blob.core.windows.net"
    query = _service_sas(target, environ, name, https_only=url.startswith("https://"))
    if not query:
        return None
    answer = _get(f"{url.rstrip('/')}/", "", {"x-ms-version": "2020-12-06"},
                  query=f"restype=service&comp=properties&{query}")  # fmt: skip
    return answer.body.decode(errors="replace") if answer else None


def _service_sas(
    target: Target, environ: Mapping[str, str], account: str | None, *, https_only: bool
) -> str:
    """Return a SAS for the service: one made with the key, or the one that was given."""
    try:
        key = sas.account_key(target, environ)
        if key and account:
            return sas.for_service(
                account=account,
                key=key,
                expires_at=datetime.now(UTC) + timedelta(minutes=5),
                https_only=https_only,
            )
    except InvalidSetting:
        return ""
    given = target.address.setting("sas_key", {**target.options, **target.credentials()}, environ)
    return (given or "").lstrip("?")


def _retention_days(properties: str) -> int:
    policy = re.search(r"<DeleteRetentionPolicy>(.*?)</DeleteRetentionPolicy>", properties, re.S)
    enabled = policy and re.search(r"<Enabled>true</Enabled>", policy[1], re.I)
    days = policy and re.search(r"<Days>(\d+)</Days>", policy[1])
    return int(days[1]) if enabled and days else 0


def _google(target: Target, environ: Mapping[str, str]) -> Check:
    bucket = target.address.container
    token = _google_token(target)
    answer = token and _get(
        f"{target.address.endpoint(target.options, environ) or _GOOGLE}/storage/v1/b/",
        bucket,
        {"Authorization": f"Bearer {token}"},
        query="fields=versioning,softDeletePolicy",
    )
    if not answer:
        return unknown(
            "kept",
            "this credential can't read the bucket's settings",
            "Ask with: gcloud storage buckets describe "
            f"{shlex.quote(f'gs://{bucket}')} --format 'default(versioning_enabled,"
            "soft_delete_policy)'",
        )
    return _google_settings(answer.body)


def _google_token(target: Target) -> str:
    given = {**target.options, **target.credentials()}
    provider = given.get("credential_provider")
    if callable(provider):
        return str(provider().get("token") or "")
    return str(given.get("bearer_token") or "")


def _google_settings(body: bytes) -> Check:
    try:
        settings: Any = json.loads(body)
        versioning = bool(settings.get("versioning", {}).get("enabled"))
        seconds = int(settings.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0))
    except (ValueError, AttributeError, TypeError):
        return unknown("kept", "the bucket's settings can't be understood")
    kept = [f"deleted objects for {seconds / 86400:.0f} days (soft delete)"] if seconds else []
    kept += ["versions"] if versioning else []
    if not kept:
        return passed("kept", "neither versions nor deleted objects are kept")
    return warned(
        "kept",
        f"the bucket keeps {' and '.join(kept)}: {_PRICE}",
        "A net that may be worth it; else gcloud storage buckets update --clear-soft-delete "
        "--no-versioning.",
    )


def _get(base_url: str, path: str, headers: Mapping[str, str], *, query: str) -> Answer | None:
    """Ask once; None for anything but a whole 200."""
    fetcher = Fetcher(base_url, timeout_seconds=_TIMEOUT_SECONDS)
    try:
        answer = fetcher.get(quote(path, safe=""), headers, max_bytes=_MAX_BYTES, query=query)
    finally:
        fetcher.close()
    return None if isinstance(answer, Failure) or answer.status != 200 else answer

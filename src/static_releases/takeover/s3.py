"""S3Storage, its static and manifest kinds, and a project's classes derived from them."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from static_releases.core.address import Address
from static_releases.core.errors import InvalidSetting
from static_releases.core.target import Target
from static_releases.takeover import options
from static_releases.takeover.taken import Family, Taken, public_url

_DEFAULT_REGION = "us-east-1"
# boto3 renews a credential that has less than 10 minutes left when it is asked; the client asks
# again when 5 of them are over.
_KEEP = timedelta(minutes=10)
# Parts of botocore's Config that decide how it sends, not what or where to.
_IGNORED = frozenset(
    "account_id_endpoint_mode auth_scheme_preference client_context_params connect_timeout "
    "defaults_mode disable_request_compression endpoint_discovery_enabled "
    "ignore_configured_endpoint_urls inject_host_prefix max_pool_connections parameter_validation "
    "read_timeout request_checksum_calculation request_min_compression_size_bytes "
    "response_checksum_validation retries sigv4a_signing_region_set tcp_keepalive user_agent "
    "user_agent_appid user_agent_extra".split()
)
_TAKEN = frozenset({"region_name", "s3", "signature_version"})
_S3_IGNORED = frozenset({"payload_signing_enabled", "us_east_1_regional_endpoint"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A bucket and how it is addressed; ``endpoint`` is None for Amazon's own."""

    name: str
    region: str | None
    endpoint: str | None
    style: str
    scheme: str = field(default="https")

    @property
    def is_in_host(self) -> bool:
        """Tell whether requests and URLs name the bucket in the host, by boto3's rules."""
        host = urlsplit(self.endpoint or "").hostname
        if self.style == "path" or (self.endpoint and self.style != "virtual"):
            return False
        if host and _is_ip(host):
            return False
        # A dot would not match the wildcard certificate.
        return bool(re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", self.name)) or (
            self.scheme == "http" and bool(re.fullmatch(r"[a-z0-9][a-z0-9.-]+[a-z0-9]", self.name))
        )

    def origin(self, host: str) -> str:
        """Return the URL of the bucket below this endpoint."""
        scheme, _, rest = host.rstrip("/").partition("://")
        return f"{scheme}://{self.name}.{rest}" if self.is_in_host else f"{host}/{self.name}"

    @property
    def url(self) -> str:
        """The bucket's own public URL, as boto3 writes it."""
        if self.endpoint:
            return self.origin(self.endpoint.rstrip("/"))
        return self.origin(f"{self.scheme}://{self._amazon(is_public=True)}")

    @property
    def client_endpoint(self) -> str | None:
        """The endpoint for the client, which wants the bucket in it if it is in the host."""
        if self.endpoint is None and self.scheme == "https":
            return None
        host = self.endpoint or f"{self.scheme}://{self._amazon(is_public=False)}"
        return self.origin(host.rstrip("/")) if self.is_in_host else host.rstrip("/")

    def _amazon(self, *, is_public: bool) -> str:
        region = self.region or _DEFAULT_REGION
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        is_global = region == _DEFAULT_REGION or (
            self.is_in_host and self.style != "virtual" and not region.startswith(("cn-", "us-gov"))
        )
        return f"s3.{domain}" if is_public and is_global else f"s3.{region}.{domain}"


def target(taken: Taken) -> Target:
    """Return the store that the storage writes to."""
    style, signing, region = _client_config(taken)
    endpoint = taken["endpoint_url"] or _environment_endpoint()
    bucket = Bucket(
        name=taken.require("bucket_name"),
        region=taken["region_name"] or region,
        endpoint=endpoint,
        style=style,
        scheme="https" if taken["use_ssl"] else "http",
    )
    prefix = taken.prefix()
    return Target(
        address=Address(kind="s3", container=bucket.name, prefix=prefix),
        options=_options(taken, bucket),
        credentials=lambda: _credentials(taken, bucket, signing),
        own_url=_own_url(taken, bucket, prefix),
        cache_control=taken.cache_control(),
    )


def _environment_endpoint() -> str | None:
    """Return the endpoint that boto3 takes from the environment, if any."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def _options(taken: Taken, bucket: Bucket) -> dict[str, Any]:
    found: dict[str, Any] = {
        "region": bucket.region or _DEFAULT_REGION,
        "virtual_hosted_style_request": bucket.is_in_host,
        "client_options": taken.verification("verify", taken["verify"]),
    }
    if bucket.client_endpoint:
        found["endpoint"] = bucket.client_endpoint
    return found


def _client_config(taken: Taken) -> tuple[str, object, str | None]:
    """Return addressing style, signature version and region of the class's botocore Config.

    The class makes one of its own options where none was given.
    """
    config = taken["client_config"]
    defaults: Mapping[str, Any] = type(config).OPTION_DEFAULTS
    given = {name for name in defaults if getattr(config, name, None) != defaults[name]}
    unknown = sorted(given - _TAKEN - _IGNORED)
    if unknown:
        raise taken.refusal("client_config", f"its {unknown[0]} has no counterpart here.")
    s3: Mapping[str, Any] = config.s3 or {}
    unmapped = sorted(s3.keys() - _S3_IGNORED - {"addressing_style"})
    if unmapped:
        raise taken.refusal("client_config", f"its s3.{unmapped[0]} has no counterpart here.")
    signing = config.signature_version
    if isinstance(signing, str) and signing != "s3v4":
        raise taken.refusal("signature_version", "requests are signed by version 4 (s3v4).")
    return str(s3.get("addressing_style") or "auto"), signing, config.region_name


def _credentials(taken: Taken, bucket: Bucket, signing: object) -> Mapping[str, Any]:
    """Return the credential by boto3, whose session the class makes itself."""
    if signing is not None and not isinstance(signing, str):
        # botocore.UNSIGNED
        return {"skip_signature": True}
    try:
        session = taken.storage._create_session()  # noqa: SLF001  (the class's own way)
        found = session.get_credentials()
    except Exception as error:
        raise taken.refusal("session_profile", f"boto3 says: {error}") from error
    if found is None:
        raise InvalidSetting(
            f"`store` ({taken.entry.name}) has neither `access_key` and `secret_key` nor "
            "`session_profile`, and boto3 finds no credential by itself."
        )
    region = {} if bucket.region or not session.region_name else {"region": session.region_name}
    return {"credential_provider": lambda: _frozen(found), **region}


def _frozen(found: Any) -> Mapping[str, Any]:
    frozen = found.get_frozen_credentials()
    return {
        "access_key_id": frozen.access_key,
        "secret_access_key": frozen.secret_key,
        "token": frozen.token,
        "expires_at": datetime.now(UTC) + _KEEP,
    }


def _own_url(taken: Taken, bucket: Bucket, prefix: str) -> str:
    if not taken.needs_url:
        return ""
    domain = taken.custom_domain()
    if not domain:
        taken.refuse_signed("querystring_auth")
        return public_url(bucket.url, prefix)
    if taken["querystring_auth"] and taken["cloudfront_signer"]:
        name = "cloudfront_key_id" if taken["cloudfront_key_id"] else "cloudfront_signer"
        taken.refuse_signed(name)
    if taken["url_protocol"] not in {"http:", "https:"}:
        raise taken.refusal("url_protocol", "expected 'https:' or 'http:'.")
    return public_url(f"{taken['url_protocol']}//{domain}", prefix)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


FAMILY = Family(
    base="storages.backends.s3.S3Storage",
    options=options.S3,
    methods=(
        "_get_write_parameters",
        "_save",
        "bucket",
        "connection",
        "get_object_parameters",
    ),
    name_method="_normalize_name",
    cache_parameter="CacheControl",
    target=target,
)

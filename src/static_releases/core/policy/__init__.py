"""What to tell a store's cloud: who may do what, and which pages may load what.

Nothing here asks the network, and no document holds a credential; a SAS is made in `sas`.

- `model`: a policy and its parts
- `s3`, `azure`, `google`, `directory`: one kind of store each
- `sas`: Azure's signatures
"""

import os
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from static_releases.core.errors import InvalidSetting
from static_releases.core.policy import azure, directory, google, s3, sas
from static_releases.core.policy.model import PURPOSES, Part, Policy, Purpose, Request
from static_releases.core.target import Target

__all__ = ["PURPOSES", "Part", "Policy", "Purpose", "Request", "check_origin", "make", "make_sas"]

_KINDS = {
    "azure": azure.policy,
    "s3": s3.policy,
    "gcs": google.policy,
    "file": directory.policy,
}
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?")
_DISTRIBUTION = re.compile(r"arn:aws[a-z-]*:cloudfront::\d{12}:distribution/[A-Z0-9]+")


def make(target: Target, *, origins: tuple[str, ...] = (), distribution: str = "") -> Policy:
    """Return what the store needs to be told, or raise `InvalidSetting`."""
    kind = target.address.kind
    if kind not in _KINDS:
        raise InvalidSetting(f"{target.address} is known to this process alone: it has no policy.")
    for origin in origins:
        if origin != "*":
            check_origin(origin)
    if distribution and (kind != "s3" or not _DISTRIBUTION.fullmatch(distribution)):
        raise InvalidSetting(
            f"--distribution {distribution!r}: expected the ARN of a CloudFront distribution, "
            "such as arn:aws:cloudfront::123456789012:distribution/E1ABCDEF, for an S3 bucket."
        )
    return _KINDS[kind](
        Request(
            address=target.address,
            settings=_settings(target, os.environ),
            origins=origins or ("*",),
            distribution=distribution,
        )
    )


def check_origin(origin: str) -> str:
    """Return a site's origin as a browser sends it, or raise `InvalidSetting`."""
    if not _ORIGIN.fullmatch(origin):
        raise InvalidSetting(
            f"--origin {origin!r}: expected a site's origin, such as https://www.example.com, "
            "without a path."
        )
    return origin


def make_sas(target: Target, purpose: Purpose, *, expires_at: datetime) -> str:
    """Return a SAS for the store's container that allows what the purpose needs, and no more.

    Raises `InvalidSetting` where the store isn't Azure's or no key of the account is configured.
    """
    where = target.address
    if where.kind != "azure":
        raise InvalidSetting(f"{where} isn't in Azure: only Azure has SAS. See `policy`.")
    settings = _settings(target, os.environ)
    key = sas.account_key(target, os.environ)
    if not key or not settings.get("account"):
        raise InvalidSetting(
            f"A SAS for {where} is signed with the account's key, and none is configured: set "
            "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY where you make it (not in "
            "the build). Without a key, `az storage container generate-sas --as-user`; see "
            "`policy`."
        )
    return sas.for_container(
        where,
        account=settings["account"],
        key=key,
        permissions=azure.SAS_PERMISSIONS[purpose],
        expires_at=expires_at,
        https_only=not settings.get("endpoint", "").startswith("http://"),
    )


def _settings(target: Target, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is known of the store beside its address, none of it secret."""
    names = {"account": "account_name", "endpoint": "endpoint", "region": "region"}
    found = {
        name: target.address.setting(setting, target.options, environ)
        for name, setting in names.items()
    }
    if found["endpoint"]:
        found["endpoint"] = _plain(found["endpoint"])
    return {name: value for name, value in found.items() if value}


def _plain(url: str) -> str:
    """Return a URL without what in it might be a credential."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()

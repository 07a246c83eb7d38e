"""Amazon S3 and what speaks its language: identity policies, a bucket policy, CORS rules."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

from static_releases.core.policy.model import (
    CORS_MAX_AGE_SECONDS,
    CORS_METHODS,
    DECISIONS,
    KEPT,
    WHY_ALL_ORIGINS,
    WHY_NO_LIFECYCLE,
    Part,
    Policy,
    Request,
)

# The key is there when the request has the header, and S3 knows no other value than "*":
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
_CREATES = {"Null": {"s3:if-none-match": "false"}}
_OVERWRITES = {"Null": {"s3:if-none-match": "true"}}
_DELETE = ["s3:DeleteObject", "s3:DeleteObjectVersion"]

_Statement = dict[str, Any]


def policy(request: Request) -> Policy:
    """Return what a bucket needs."""
    notes = [
        (
            "A copy is a write too (CopyObject needs s3:PutObject): without If-None-Match it is "
            "denied like an overwrite. Amazon takes the header on copies since October 2025; where "
            "a store answers 501, a large asset is uploaded instead of copied."
        ),
        (
            "A key that isn't there is answered with 403 instead of 404 where the listing is "
            "limited to a prefix, and to whoever may read and not list. The verbs know it."
        ),
        (
            "With encryption by a KMS key of your own, add kms:GenerateDataKey and kms:Decrypt for "
            "publish and prune, and kms:Decrypt for read."
        ),
        WHY_NO_LIFECYCLE,
        WHY_ALL_ORIGINS,
    ]
    if _is_other(request):
        notes.insert(
            0,
            f"{request.settings['endpoint']} isn't Amazon's. These policies are Amazon's, and "
            "what another server makes of them is its own: one that doesn't know the condition "
            "key s3:if-none-match denies every write (SeaweedFS 4 does). Then leave out the "
            "conditions, and `doctor` tells what is left.",
        )
    parts = (_publish(request), _prune(request), _read(request), _public(request), _cors(request))
    return Policy(store=str(request.address), parts=parts, notes=tuple(notes))


def _publish(request: Request) -> Part:
    return Part(
        purpose="publish",
        may="list, read, and create what isn't there",
        may_not="overwrite, delete, pin or retire, whatever else its role is given",
        document=_document(
            *_reads(request),
            _creates(request),
            _deny("NeverOverwrite", "s3:PutObject", [_arn(request, "*")], _OVERWRITES),
            _deny("NeverDelete", _DELETE, [_arn(request, "*")]),
            _deny("NeverDecide", "s3:PutObject", [_arn(request, path) for path in DECISIONS]),
        ),
        commands=_attach("publish"),
    )


def _prune(request: Request) -> Part:
    kept = [_arn(request, f"{folder}/*") for folder in KEPT]
    return Part(
        purpose="prune",
        may="list, read, pin, retire, restore, and delete assets",
        may_not="overwrite anything, or delete what is under _releases/ and _pins/",
        but=("A deploy script that only pins needs no delete: leave out that statement.",),
        document=_document(
            *_reads(request),
            _allow("SeeWhatIsKept", "s3:GetBucketVersioning", [_bucket(request)]),
            _creates(request),
            _allow("Delete", "s3:DeleteObject", [_arn(request, "*")]),
            _deny("NeverOverwrite", "s3:PutObject", [_arn(request, "*")], _OVERWRITES),
            _deny("KeepTheHistory", _DELETE, kept),
        ),
        commands=_attach("prune"),
    )


def _read(request: Request) -> Part:
    return Part(
        purpose="read",
        may="list and read: for list, show, verify, diff, report and download",
        document=_document(*_reads(request)),
        commands=_attach("read"),
    )


def _public(request: Request) -> Part:
    read = _allow("ReadByEveryone", "s3:GetObject", [_arn(request, "*")])
    read["Principal"] = "*"
    who, opened = "everyone may read", _open_bucket(request)
    if request.distribution:
        read |= {
            "Sid": "ReadByTheDistribution",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Condition": {"StringEquals": {"AWS:SourceArn": request.distribution}},
        }
        who, opened = "the distribution may read", ()
    guard = _deny("WrittenOnce", "s3:PutObject", [_arn(request, "*")], _OVERWRITES)
    return Part(
        purpose="public",
        may=f"{who}, without credentials of yours",
        may_not="nobody overwrites, not even an administrator, until this policy is changed",
        but=(
            (
                "A bucket has one policy, and this replaces it: merge the statements with those "
                "that are there."
            ),
        ),
        document=_document(read, guard | {"Principal": "*"}),
        commands=(
            *opened,
            (
                f"{_aws(request)} put-bucket-policy --bucket {_name(request)} "
                "--policy file://public.json"
            ),
        ),
    )


def _cors(request: Request) -> Part:
    return Part(
        purpose="cors",
        may="pages of these origins may load fonts, modules and masks",
        but=(
            (
                "S3 sends the header only to a request with an Origin. A CDN must pass that on and "
                "keep the answers apart, or add Access-Control-Allow-Origin itself."
            ),
        ),
        document={
            "CORSRules": [
                {
                    "AllowedOrigins": list(request.origins),
                    "AllowedMethods": list(CORS_METHODS),
                    "AllowedHeaders": ["*"],
                    "MaxAgeSeconds": CORS_MAX_AGE_SECONDS,
                }
            ]
        },
        commands=(
            (
                f"{_aws(request)} put-bucket-cors --bucket {_name(request)} "
                "--cors-configuration file://cors.json"
            ),
        ),
    )


def _document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _reads(request: Request) -> tuple[_Statement, _Statement]:
    listing = _allow("List", "s3:ListBucket", [_bucket(request)])
    if request.address.prefix:
        prefix = _literally(request.address.prefix)
        listing["Condition"] = {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}}
    return listing, _allow("Read", "s3:GetObject", [_arn(request, "*")])


def _creates(request: Request) -> _Statement:
    return _allow("Create", "s3:PutObject", [_arn(request, "*")]) | {"Condition": _CREATES}


def _allow(sid: str, action: str, resources: list[str]) -> _Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resources}


def _deny(
    sid: str,
    action: str | list[str],
    resources: list[str],
    condition: Mapping[str, Any] | None = None,
) -> _Statement:
    statement = {"Sid": sid, "Effect": "Deny", "Action": action, "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})


def _bucket(request: Request) -> str:
    return f"arn:{_partition(request.settings.get('region', ''))}:s3:::{request.address.container}"


def _arn(request: Request, pattern: str) -> str:
    prefix = f"{_literally(request.address.prefix)}/" if request.address.prefix else ""
    return f"{_bucket(request)}/{prefix}{pattern}"


def _literally(text: str) -> str:
    """Return a text in which IAM takes no character for a wildcard or a variable."""
    return re.sub(r"\$(?=\{)|[*?]", lambda found: f"${{{found[0]}}}", text)


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _is_other(request: Request) -> bool:
    endpoint = request.settings.get("endpoint", "")
    return bool(endpoint) and ".amazonaws.com" not in endpoint


def _aws(request: Request) -> str:
    endpoint = request.settings.get("endpoint", "")
    return (
        f"aws s3api --endpoint-url {shlex.quote(endpoint)}" if _is_other(request) else "aws s3api"
    )


def _name(request: Request) -> str:
    return shlex.quote(request.address.container)


def _attach(purpose: str) -> tuple[str, ...]:
    return (
        (
            f"aws iam put-role-policy --role-name ROLE --policy-name static-releases-{purpose} "
            f"--policy-document file://{purpose}.json"
        ),
    )


def _open_bucket(request: Request) -> tuple[str, ...]:
    return (
        (
            f"{_aws(request)} put-public-access-block --bucket {_name(request)} "
            "--public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,"
            "BlockPublicPolicy=false,RestrictPublicBuckets=false"
        ),
    )

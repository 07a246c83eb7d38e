"""Judge S3 requests by IAM policies, as Amazon documents it: for what no test server evaluates.

Only what our own policies use: a denial wins, what nobody allows is denied; `StringLike` fails
and `Null` "true" holds where the key isn't in the request.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.servers.traffic import Request


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What S3 asks its policies for one request."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def asks(request: Request) -> Ask:
    """Return what Amazon would ask for a request that passed a relay: its path names the bucket."""
    bucket, _, key = request.key.removeprefix("/").partition("/")
    resource = f"arn:aws:s3:::{bucket}/{key}"
    match request.kind:
        case "list":
            # Without a prefix, S3 has no key of that name.
            query = parse_qs(request.query)
            context = {"s3:prefix": query["prefix"][0]} if "prefix" in query else {}
            return Ask(action="s3:ListBucket", resource=f"arn:aws:s3:::{bucket}", context=context)
        case "get" | "head":
            return Ask(action="s3:GetObject", resource=resource)
        case "put" | "copy":
            condition = request.headers.get("if-none-match")
            context = {"s3:if-none-match": condition} if condition else {}
            return Ask(action="s3:PutObject", resource=resource, context=context)
        case "delete" if key:
            return Ask(action="s3:DeleteObject", resource=resource)
    raise AssertionError(f"What does {request} ask for?")


def allows(ask: Ask, *documents: Mapping[str, Any]) -> bool:
    """Tell whether these policies together allow what is asked."""
    applying = [s for d in documents for s in d["Statement"] if _applies(s, ask)]
    effects = {statement["Effect"] for statement in applying}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], ask: Ask) -> bool:
    return (
        any(_like(action, ask.action) for action in _list(statement["Action"]))
        and any(_like(resource, ask.resource) for resource in _list(statement["Resource"]))
        and all(
            _holds(operator, expected, ask.context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _holds(operator: str, expected: Any, found: str | None) -> bool:
    match operator:
        case "Null":
            return (found is None) is (expected == "true")
        case "StringLike":
            return found is not None and any(_like(text, found) for text in _list(expected))
    raise AssertionError(f"The operator {operator} isn't judged.")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _like(pattern: str, text: str) -> bool:
    """Match with IAM's wildcards; ``${*}`` is a star."""
    parts = re.split(r"(\$\{[*?$]\}|[*?])", pattern)
    regex = "".join({"*": ".*", "?": "."}.get(p) or re.escape(_plain(p)) for p in parts)
    return re.fullmatch(regex, text, re.DOTALL) is not None


def _plain(part: str) -> str:
    return part[2] if re.fullmatch(r"\$\{[*?$]\}", part) else part

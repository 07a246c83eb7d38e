"""Azure Blob Storage: roles for identities of Entra ID, SAS for whoever has none, CORS rules."""

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
    Purpose,
    Request,
)

# Azure's letters, in the order in which it wants them: read, create, delete, list. Create is the
# one that refuses to overwrite; write ("w") would not.
# https://learn.microsoft.com/rest/api/storageservices/create-service-sas
SAS_PERMISSIONS: Mapping[Purpose, str] = {"publish": "rcl", "prune": "rcdl", "read": "rl"}

_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_BLOBS = f"{_CONTAINERS}/blobs"
_SUBSCRIPTION = "SUBSCRIPTION_ID"
_PATH = f"@Resource[{_BLOBS}:path]"
_WHOLE_CONTAINER = (
    "A SAS holds for the whole container (Azure limits one to a folder only in an account with "
    "hierarchical namespace): give releases a container of their own."
)


def policy(request: Request) -> Policy:
    """Return what a container needs."""
    parts = (_publish(request), _prune(request), _read(request), _public(request), _cors(request))
    return Policy(
        store=str(request.address),
        parts=parts,
        notes=(
            (
                "The account's key may do everything, and making a SAS is all that it is needed "
                "for: keep it out of builds. Where an identity of Entra ID can be had (managed or "
                "workload identity), prefer a role, and no secret exists at all."
            ),
            (
                "A SAS can't be taken back before it ends, except by renewing the key that signed "
                "it: make one for each build, for an hour or two."
            ),
            WHY_NO_LIFECYCLE,
            WHY_ALL_ORIGINS,
        ),
    )


def _publish(request: Request) -> Part:
    return Part(
        purpose="publish",
        may="list, read, and create what isn't there",
        may_not="overwrite or delete; with the role's condition, pin or retire",
        but=(
            (
                "With a SAS the create permission (c) is what refuses to overwrite; write (w) "
                "would allow it. Azure answers 403 for a name that is taken."
            ),
            _WHOLE_CONTAINER,
            (
                "With a role, `blobs/write` would allow to overwrite, and every built-in role "
                "that can write has it; `blobs/add/action` is what Azure asks for creating a "
                "blob. Try the role with `doctor` before you rely on it."
            ),
        ),
        document=_role("publish", f"{_BLOBS}/read", f"{_BLOBS}/add/action"),
        commands=(
            _sas_command("publish"),
            _delegated(request, "publish"),
            *_assign(request, "publish", _except(request, "add/action", DECISIONS)),
        ),
    )


def _prune(request: Request) -> Part:
    kept = tuple(f"{folder}/*" for folder in KEPT)
    return Part(
        purpose="prune",
        may="list, read, pin, retire, restore, and delete assets",
        may_not="overwrite; with the role's condition, delete what is under _releases/ and _pins/",
        but=(
            (
                "A SAS can't make an exception for a folder: one that prunes could delete the "
                "history too. `prune` never does; blob soft delete is the net below."
            ),
        ),
        document=_role("prune", f"{_BLOBS}/read", f"{_BLOBS}/add/action", f"{_BLOBS}/delete"),
        commands=(
            _sas_command("prune"),
            *_assign(request, "prune", _except(request, "delete", kept)),
        ),
    )


def _read(request: Request) -> Part:
    return Part(
        purpose="read",
        may="list and read: for list, show, verify, diff, report and download",
        document=_role("read", f"{_BLOBS}/read"),
        commands=(_sas_command("read"), *_assign(request, "read")),
    )


def _public(request: Request) -> Part:
    account, container = _account(request), shlex.quote(request.address.container)
    return Part(
        purpose="public",
        may="everyone may read what the container holds, without credentials",
        may_not="list it",
        but=(
            (
                "Or leave the container private and let a CDN read it with a managed identity "
                "(Front Door's origin authentication); then set base_url."
            ),
        ),
        commands=(
            f"az storage account update --name {account} --allow-blob-public-access true",
            (
                f"az storage container set-permission --account-name {account} --name {container} "
                "--public-access blob"
            ),
        ),
    )


def _cors(request: Request) -> Part:
    return Part(
        purpose="cors",
        may="pages of these origins may load fonts, modules and masks",
        but=(
            "CORS rules belong to the account, not to the container.",
            (
                "Azure sends the header only to a request with an Origin. A CDN must pass that on "
                "and keep the answers apart, or add Access-Control-Allow-Origin itself."
            ),
        ),
        commands=(
            (
                f"az storage cors add --account-name {_account(request)} --services b "
                f"--methods {' '.join(CORS_METHODS)} --origins {shlex.join(request.origins)} "
                f"--allowed-headers '*' --max-age {CORS_MAX_AGE_SECONDS}"
            ),
        ),
    )


def _role(purpose: Purpose, *actions: str) -> dict[str, Any]:
    return {
        "Name": f"static-releases {purpose}",
        "IsCustom": True,
        "Description": f"What `static-releases` needs to {purpose} releases.",
        "Actions": [],
        "NotActions": [],
        "DataActions": list(actions),
        "NotDataActions": [],
        "AssignableScopes": [f"/subscriptions/{_SUBSCRIPTION}"],
    }


def _assign(request: Request, purpose: Purpose, condition: str = "") -> tuple[str, str]:
    scope = (
        f'"$({_account_id(_account(request))})"/blobServices/default/containers/'
        f"{shlex.quote(request.address.container)}"
    )
    limit = f" --condition-version 2.0 --condition {shlex.quote(condition)}" if condition else ""
    return (
        (
            f'az role definition create --role-definition "$(sed "s/{_SUBSCRIPTION}/'
            f'$(az account show --query id --output tsv)/" {purpose}.json)"'
        ),
        (
            f'az role assignment create --role "static-releases {purpose}" --assignee IDENTITY '
            f"--scope {scope}{limit}"
        ),
    )


def _except(request: Request, action: str, patterns: tuple[str, ...]) -> str:
    """Return the condition of a role under which an action spares what these patterns match."""
    prefix = re.sub(r"[\\'*?]", lambda found: "\\" + found[0], request.key(""))
    spared = " AND ".join(f"{_PATH} StringNotLike '{prefix}{pattern}'" for pattern in patterns)
    return f"((!(ActionMatches{{'{_BLOBS}/{action}'}})) OR ({spared}))"


def _sas_command(purpose: Purpose) -> str:
    return f"static-releases policy --sas {purpose} --hours 2   (signed with the account's key)"


def _delegated(request: Request, purpose: Purpose) -> str:
    return (
        f"az storage container generate-sas --account-name {_account(request)} "
        f"--name {shlex.quote(request.address.container)} --permissions {SAS_PERMISSIONS[purpose]} "
        "--https-only --auth-mode login --as-user --output tsv "
        "--expiry \"$(date --utc --date '+2 hours' +%Y-%m-%dT%H:%MZ)\"   (signed without it)"
    )


def _account(request: Request) -> str:
    return shlex.quote(request.settings.get("account", "") or "ACCOUNT")


def _account_id(account: str) -> str:
    return f"az storage account show --name {account} --query id --output tsv"

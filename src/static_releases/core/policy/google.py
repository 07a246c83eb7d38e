"""Google Cloud Storage: custom roles, conditions on a binding, CORS rules."""

import json
import shlex
from typing import Any

from static_releases.core.policy.model import (
    CORS_MAX_AGE_SECONDS,
    CORS_METHODS,
    KEPT,
    WHY_ALL_ORIGINS,
    WHY_NO_LIFECYCLE,
    Part,
    Policy,
    Purpose,
    Request,
)

_READ = ("storage.objects.get", "storage.objects.list")
_BUCKET = 'resource.type == "storage.googleapis.com/Bucket"'


def policy(request: Request) -> Policy:
    """Return what a bucket needs."""
    parts = (_publish(request), _prune(request), _read(request), _public(request), _cors(request))
    return Policy(
        store=str(request.address),
        parts=parts,
        notes=(
            (
                "Conditions need uniform bucket-level access (gcloud storage buckets update "
                f"{_url(request)} --uniform-bucket-level-access)."
            ),
            (
                "A new bucket keeps deleted objects for seven days (soft delete), at the price of "
                "stored ones: --clear-soft-delete, if prune is meant to free them at once."
            ),
            WHY_NO_LIFECYCLE,
            WHY_ALL_ORIGINS,
        ),
    )


def _publish(request: Request) -> Part:
    return Part(
        purpose="publish",
        may="list, read, and create what isn't there",
        may_not="overwrite (Google asks for storage.objects.delete too), delete, or pin",
        but=(
            (
                "Google's conditions know the beginnings of names only, so this identity could "
                "write the marks that retire a release. Pin what is in use: `prune` spares it."
            ),
            (
                "roles/storage.objectCreator with roles/storage.objectViewer allow the same, "
                "without a role of your own."
            ),
        ),
        document=_role("publish", *_READ, "storage.objects.create"),
        commands=_bind(request, "publish", f"{_BUCKET} || ({_but_not(request, '_pins')})"),
    )


def _prune(request: Request) -> Part:
    return Part(
        purpose="prune",
        may="delete assets; give the same identity the role of publish beside it",
        may_not="delete, and so overwrite, what is under _releases/ and _pins/",
        but=(
            (
                "Whoever may create and delete may overwrite too, so an asset is written once only "
                "as far as this identity is trusted. It belongs to a job of its own, not to builds."
            ),
        ),
        document=_role("prune", "storage.objects.delete", "storage.buckets.get"),
        commands=_bind(request, "prune", f"{_BUCKET} || ({_but_not(request, *KEPT)})"),
    )


def _read(request: Request) -> Part:
    return Part(
        purpose="read",
        may="list and read: for list, show, verify, diff, report and download",
        document=_role("read", *_READ),
        commands=_bind(request, "read", _inside(request)),
    )


def _public(request: Request) -> Part:
    return Part(
        purpose="public",
        may="everyone may read what the bucket holds, without credentials",
        may_not="list it, as roles/storage.objectViewer would allow",
        commands=(
            (
                f"gcloud storage buckets add-iam-policy-binding {_url(request)} "
                "--member allUsers --role roles/storage.legacyObjectReader"
            ),
        ),
    )


def _cors(request: Request) -> Part:
    rule = {
        "origin": list(request.origins),
        "method": list(CORS_METHODS),
        "responseHeader": ["Content-Type"],
        "maxAgeSeconds": CORS_MAX_AGE_SECONDS,
    }
    return Part(
        purpose="cors",
        may="pages of these origins may load fonts, modules and masks",
        but=(
            (
                "Google sends the header only to a request with an Origin. A CDN must pass that on "
                "and keep the answers apart, or add Access-Control-Allow-Origin itself."
            ),
        ),
        document=[rule],
        commands=(f"gcloud storage buckets update {_url(request)} --cors-file cors.json",),
    )


def _role(purpose: Purpose, *permissions: str) -> dict[str, Any]:
    return {
        "title": f"static-releases {purpose}",
        "description": f"What static-releases needs to {purpose} releases.",
        "stage": "GA",
        "includedPermissions": sorted(permissions),
    }


def _bind(request: Request, purpose: Purpose, expression: str) -> tuple[str, str]:
    role = f"staticReleases{purpose.capitalize()}"
    limit = shlex.quote(f"title={role},expression={expression}") if expression else "None"
    return (
        f"gcloud iam roles create {role} --project PROJECT --file {purpose}.json",
        (
            f"gcloud storage buckets add-iam-policy-binding {_url(request)} "
            f"--member serviceAccount:NAME@PROJECT.iam.gserviceaccount.com "
            f"--role projects/PROJECT/roles/{role} --condition {limit}"
        ),
    )


def _inside(request: Request) -> str:
    return f"{_BUCKET} || {_begins(request, '')}" if request.address.prefix else ""


def _but_not(request: Request, *folders: str) -> str:
    inside = [_begins(request, "")] if request.address.prefix else []
    return " && ".join([*inside, *(f"!{_begins(request, f'{folder}/')}" for folder in folders)])


def _begins(request: Request, path: str) -> str:
    key = request.key(path)
    name = f"projects/_/buckets/{request.address.container}/objects/{key}"
    return f"resource.name.startsWith({json.dumps(name)})"


def _url(request: Request) -> str:
    return shlex.quote(f"gs://{request.address.container}")

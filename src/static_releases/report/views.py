"""The page under the admin's roof. Every view only reads: the store, and what was asked before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from static_releases.core import inventory
from static_releases.core.configuration import Configuration
from static_releases.core.documents import Claim
from static_releases.core.errors import InvalidSetting, StaticReleasesError
from static_releases.core.overview import Filter, Overview, Row
from static_releases.core.retention import Rule
from static_releases.figures import number
from static_releases.report import details, presenting, pruning, snapshots
from static_releases.report.links import Commands
from static_releases.report.snapshots import Shown
from static_releases.storage import ReleaseStaticFilesStorage

COMMANDS = Commands("python manage.py staticreleases")
ROWS_ON_A_PAGE = 100
ROWS_SHOWN = 200
CHANGES_SHOWN = 500
# What a prune would do, until somebody asks for another rule.
RULE = Rule(keep=10, keep_days=30)


@dataclass(frozen=True, slots=True)
class AdminLinks:
    """Where one release, and the difference of two, stand beside the page that was asked for.

    ``namespace`` is that page's: an admin site's, or that of `static_releases.report.urls`.
    """

    namespace: str

    def release(self, version: str) -> str:
        return self.to("release", version)

    def diff(self, old: str, new: str) -> str:
        return f"{self.to('diff')}?{urlencode({'old': old, 'new': new})}"

    def to(self, name: str, *arguments: str) -> str:
        return reverse(f"{self.namespace}:static_releases_report_release_{name}", args=arguments)


@dataclass(frozen=True, slots=True)
class Frame:
    """Answers a request in the frame of an admin."""

    site: AdminSite
    request: HttpRequest

    @property
    def links(self) -> AdminLinks:
        match = self.request.resolver_match
        return AdminLinks(match.namespace if match else self.site.name)

    def answer(self, name: str, title: str, shown: Shown, **values: Any) -> HttpResponse:
        """Return a page; without an overview it is the box that says why there is none."""
        # The admin's own templates link within the site that the request came to.
        self.request.current_app = self.site.name
        places = {place: self.links.to(place) for place in ("changelist", "diff", "prune")}
        context = {
            **self.site.each_context(self.request),
            "title": title,
            "trouble": shown.trouble,
            "seen": presenting.time(shown.overview.seen_at) if shown.overview else None,
            "places": places,
            **values,
        }
        return TemplateResponse(self.request, f"static_releases/report/{name}.html", context)


def overview(frame: Frame) -> HttpResponse:
    """Show what runs where, every release, and the storage that they take."""
    query = frame.request.GET
    refresh = "refresh" in query
    shown = _shown(refresh=refresh)
    if refresh and not shown.trouble:
        return HttpResponseRedirect(frame.links.to("changelist"))
    if shown.overview is None:
        return frame.answer("overview", "Releases", shown)
    wanted = Filter(text=query.get("q", ""), state=query.get("state", ""))
    rows = [row for row in shown.overview.rows if wanted.matches(row)]
    part = Paginator(rows, ROWS_ON_A_PAGE).get_page(query.get("p"))
    return frame.answer(
        "overview",
        "Releases",
        shown,
        page=presenting.page(shown.overview, frame.links, COMMANDS, chosen=wanted.state),
        lines=[presenting.line(row, shown.overview.seen_at, frame.links) for row in part],
        part=_part(part, wanted),
        wanted=wanted,
        pin=COMMANDS("Say what production runs", "pin", "production", "VERSION"),
        compare_hint="Each refresh compares some more.",
    )


def release(frame: Frame, version: str) -> HttpResponse:
    """Show one release with its largest files."""
    shown = _shown()
    if shown.overview is None:
        return frame.answer("release", version, shown)
    row = _row(shown.overview, version)
    read = _read(row)
    detail = details.detail(row, read.claims.get(version), shown.overview, frame.links, COMMANDS)
    shown = replace(shown, trouble=shown.trouble or read.trouble)
    return frame.answer("release", version, shown, detail=detail)


def diff(frame: Frame) -> HttpResponse:
    """Show what changed from one release to another, or ask which."""
    query = frame.request.GET
    old, new = query.get("old", ""), query.get("new", "")
    shown = _shown()
    values: dict[str, Any] = {"old": old, "new": new}
    if shown.overview is not None:
        rows = shown.overview.by_version
        values["versions"] = [v for v, row in rows.items() if row.release.claim_number]
        values["unknown"] = [v for v in (old, new) if v and v not in values["versions"]]
        if old and new and not values["unknown"]:
            read = _read(rows[old], rows[new])
            shown = replace(shown, trouble=shown.trouble or read.trouble)
            if not read.trouble:
                values["diff"] = details.difference(
                    read.claims[old], read.claims[new], frame.links, COMMANDS, most=CHANGES_SHOWN
                )
    return frame.answer("diff", "Compare two releases", shown, **values)


def prune(frame: Frame) -> HttpResponse:
    """Show what a prune would do, by the rule that is asked for."""
    shown = _shown()
    values: dict[str, Any] = {"asked": frame.request.GET}
    if shown.overview is not None:
        try:
            rule = _rule(frame.request.GET)
        except InvalidSetting as error:
            values["wrong"] = str(error)
        else:
            plan = shown.overview.prune_plan(rule)
            values["prune"] = pruning.prune(plan, frame.links, COMMANDS, most=ROWS_SHOWN)
    return frame.answer("prune", "What a prune would do", shown, **values)


@dataclass(frozen=True, slots=True)
class _Read:
    claims: Mapping[str, Claim]
    trouble: str = ""


def _read(*rows: Row) -> _Read:
    """Read the manifests of these releases; one that was never claimed has none."""
    try:
        store = _configuration().open_store(purpose="look")
        claims = [
            inventory.claim_of(store, row.release) for row in rows if row.release.claim_number
        ]
    except (StaticReleasesError, ImproperlyConfigured) as error:
        return _Read({}, str(error))
    return _Read({claim.version: claim for claim in claims})


def _shown(*, refresh: bool = False) -> Shown:
    try:
        return snapshots.shown(_configuration(), refresh=refresh)
    except ImproperlyConfigured as error:
        return Shown(overview=None, trouble=str(error))


def _configuration() -> Configuration:
    if isinstance(staticfiles_storage, ReleaseStaticFilesStorage):
        return staticfiles_storage.configuration
    raise ImproperlyConfigured(
        'STORAGES["staticfiles"]["BACKEND"] is not '
        "static_releases.storage.ReleaseStaticFilesStorage: there is no store to look into."
    )


def _row(overview: Overview, version: str) -> Row:
    row = overview.by_version.get(version)
    if row is None:
        raise Http404(f"{overview.store} had no {version} when it was last asked.")
    return row


def _rule(query: QueryDict) -> Rule:
    """Return the rule that a form asks for, or `RULE`; raise `InvalidSetting` for a wrong one."""
    if not any(query.get(name) for name in ("keep", "keep_days", "match")):
        return RULE
    return Rule(
        keep=_whole("keep", query.get("keep", "")),
        keep_days=_whole("keep-days", query.get("keep_days", "")),
        match=query.get("match") or "*",
    )


def _whole(name: str, text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise InvalidSetting(f"--{name} {text[:20]!r}: expected a whole number.")
    return int(text)


def _part(part: Page[Row], wanted: Filter) -> dict[str, Any]:
    """Return which of the rows are shown, with the links to those before and after."""

    def link(number: int) -> str:
        asked = {"q": wanted.text, "state": wanted.state, "p": str(number)}
        return "?" + urlencode({name: value for name, value in asked.items() if value})

    return {
        "first": number(part.start_index()),
        "last": number(part.end_index()),
        "count": number(part.paginator.count),
        "newer": link(part.previous_page_number()) if part.has_previous() else "",
        "older": link(part.next_page_number()) if part.has_next() else "",
    }

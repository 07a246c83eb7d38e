"""Compare what a browser gets with what was collected, and one release with another."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from rich.table import Table

from demo.browser import Answer, browse
from demo.site import collected
from demo.stage import DemoError, console, say

PAGES = (
    "/",
    "/pieces/",
    "/collections/textiles/",
    "/pieces/ember/",
    "/workshop/",
    "/ask/",
    "/api/pieces/",
    "/admin/login/",
)
SHOWN_FAULTS = 10
RELEASE_IN_FOOTER = re.compile(r"<strong data-release>([^<]*)<")

Assets = dict[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Change:
    path: str
    before: bytes | None
    after: bytes | None


def look_at(site_url: str, version: str) -> Assets:
    """Fetch the site with all it names; every answer must be the release's own."""
    pages, assets = browse(site_url, PAGES)
    faults = [*faulty_pages(pages, version), *faulty_assets(assets, version, site_url)]
    if faults:
        more = [f"... and {len(faults) - SHOWN_FAULTS} more"] if faults[SHOWN_FAULTS:] else []
        shown = "\n".join([*faults[:SHOWN_FAULTS], *more])
        raise DemoError(f"The site does not wear {version} as it was collected", shown)
    size_kib = sum(len(asset.body) for asset in assets) / 1024
    say(f"[green]✓[/green] {len(pages)} pages name {len(assets)} assets, {size_kib:,.0f} KiB")
    say(f"[green]✓[/green] each at /{version}/, with status 200 and the bytes that were collected")
    return {asset_path(asset.url, version): asset.body for asset in assets}


def faulty_pages(pages: Iterable[Answer], version: str) -> Iterable[str]:
    for page in pages:
        named = RELEASE_IN_FOOTER.search(page.body.decode(errors="replace"))
        if page.status != 200:
            yield f"{page.url}: status {page.status}"
        elif named and named[1] != version:
            yield f"{page.url}: its footer names {named[1]}"


def faulty_assets(assets: Iterable[Answer], version: str, site_url: str) -> Iterable[str]:
    for asset in assets:
        file = collected(version) / asset_path(asset.url, version)
        if f"/{version}/" not in asset.url:
            yield f"{asset.url}: not an asset of {version}"
        elif asset.status != 200:
            yield f"{asset.url}: status {asset.status}"
        elif not file.is_file() or file.read_bytes() != asset.body:
            yield f"{asset.url}: not the bytes that were collected"
        elif "immutable" not in asset.cache_control:
            yield f"{asset.url}: Cache-Control is {asset.cache_control!r}, without immutable"
        elif is_kept_from(site_url, asset):
            yield f"{asset.url}: no CORS rule of the store lets the site's pages use it"


def is_kept_from(site_url: str, asset: Answer) -> bool:
    """Tell whether the store keeps from pages what they need CORS for: fonts and modules."""
    if asset.url.startswith(site_url) or asset.allowed_origin in ("*", site_url):
        return False
    return asset.content_type.startswith("font/") or asset.content_type == "text/javascript"


def asset_path(url: str, version: str) -> str:
    return unquote(urlsplit(url).path.partition(f"/{version}/")[2])


def changes(before: Assets, after: Assets) -> list[Change]:
    return [
        Change(path=path, before=before.get(path), after=after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def show_changes(found: list[Change], before: str, after: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("  asset")
    table.add_column(before, justify="right")
    table.add_column(after, justify="right")
    for change in found:
        table.add_row(f"  {change.path}", as_size(change.before), as_size(change.after))
    console.print(table)


def as_size(body: bytes | None) -> str:
    return "none" if body is None else f"{len(body):,} B"

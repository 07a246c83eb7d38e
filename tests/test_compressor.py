"""django-compressor: its outputs are in the release, and pages render from the record."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests import sites
from tests.sites import Site, files_below

SETTINGS = sites.snippets("compressor.md", "python")[0]
HASHED = """
STORAGES["staticfiles"]["BACKEND"] = "static_releases.storage.ReleaseManifestStaticFilesStorage"
"""
PAGE = """{% load static compress %}
{% compress css %}<link rel="stylesheet" href="{% static 'css/site.css' %}">{% endcompress %}
{% compress js %}<script src="{% static 'js/NUMBER.js' %}"></script>{% endcompress %}
"""
FILES = {
    "assets/css/site.css": "h1 {\n  background: url(../img/logo.svg);\n}\n",
    "assets/img/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "templates/page.html": PAGE.replace("NUMBER", "0"),
    # Many templates: their order in the manifest is `compress`'s own.
    **{f"templates/more/{n}.html": PAGE.replace("NUMBER", str(n)) for n in range(8)},
    **{f"assets/js/{n}.js": f"var number = {n};\n" for n in range(8)},
}
CDN = "https://cdn.example.com/static/"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def site(tmp_path: Path, store: Path) -> Site:
    return make(tmp_path / "site", store)


def make(directory: Path, store: Path, settings: str = SETTINGS) -> Site:
    made = sites.make(directory, settings=settings, files=FILES)
    return made.given(STATIC_STORE=store.as_uri(), STATIC_BASE_URL=CDN, RELEASE_VERSION="v1")


def build(site: Site) -> None:
    site.manage("collectstatic", "--no-input")
    site.manage("compress")
    site.manage("staticreleases", "publish")


@pytest.mark.parametrize("settings", [SETTINGS, SETTINGS + HASHED], ids=["plain", "hashed"])
def test_pages_render_from_the_record_with_urls_of_the_release(
    tmp_path: Path, store: Path, settings: str
) -> None:
    site = make(tmp_path / "site", store, settings)
    build(site)
    assert "no issues" in site.manage("check")
    published = files_below(store / "v1")
    assert "CACHE/manifest.json" in site.record["carried"]
    image = site.as_image(tmp_path / "image")
    shutil.move(store, tmp_path / "away")
    urls = re.findall(r'(?:href|src)="([^"]+)"', image.render())
    assert [url.rpartition(".")[2] for url in urls] == ["css", "js"]
    for url in urls:
        assert url.removeprefix(f"{CDN}v1/") in published, (url, published)


def test_references_in_compressed_css_stay_in_their_release(site: Site, store: Path) -> None:
    build(site)
    [css] = (store / "v1/CACHE/css").iterdir()
    [reference] = re.findall(r"url\(([^)?]+)\?[0-9a-f]{12}\)", css.read_text())
    assert (css.parent / reference).resolve() == (store / "v1/img/logo.svg").resolve()


def test_one_image_serves_any_cdn_and_bakes_none_in(
    site: Site, store: Path, tmp_path: Path
) -> None:
    # Built with no CDN, no version and no store at all, published from the built image.
    bare = Site(directory=site.directory)
    bare.manage("collectstatic", "--no-input")
    bare.manage("compress")
    site.manage("staticreleases", "publish")
    for path in files_below(store / "v1"):
        assert b"cdn.example.com" not in (store / "v1" / path).read_bytes(), path
    image = site.as_image(tmp_path / "image")
    for base in (CDN, "https://other.example.org/"):
        assert f'href="{base}v1/CACHE/css/' in image.given(STATIC_BASE_URL=base).render()


def test_two_builds_in_two_directories_are_the_same_release(store: Path, tmp_path: Path) -> None:
    digests, names = set(), set()
    for number, cdn in enumerate((CDN, "https://other.example.org/")):
        site = make(tmp_path / str(number), store).given(
            STATIC_BASE_URL=cdn, PYTHONHASHSEED=str(number)
        )
        for file in (site.directory / "assets").rglob("*.*"):
            os.utime(file, (1_700_000_000 + number, 1_700_000_000 + number))
        site.manage("collectstatic", "--no-input")
        site.manage("compress")
        site.manage("compress")  # again: outputs keep their names
        site.manage("staticreleases", "publish")
        digests.add(site.record["tree_digest"])
        names.add(frozenset(files_below(site.directory / "staticfiles")))
    assert len(digests) == 1
    assert len(names) == 1


def test_another_versions_manifest_is_read_from_the_public_url_or_it_is_a_clear_error(
    site: Site, tmp_path: Path
) -> None:
    # A file store's public door, where no URL is set, is its directory.
    local = site.given(STATIC_BASE_URL="/static/")
    build(local)
    old = local.render()
    local.write({"assets/js/0.js": "var number = 100;\n"})
    local.given(RELEASE_VERSION="v2").manage("collectstatic", "--no-input", "--clear")
    local.given(RELEASE_VERSION="v2").manage("compress")
    local.given(RELEASE_VERSION="v2").manage("staticreleases", "publish")
    image = local.as_image(tmp_path / "image")
    assert image.given(RELEASE_VERSION="v2").render() != old.replace("v1", "v2")
    assert image.given(RELEASE_VERSION="v1").render() == old
    error = image.given(RELEASE_VERSION="v3").render(fails=True)
    assert "CACHE/manifest.json of v3 is needed and not at hand" in error


def test_without_a_store_online_and_offline_are_compressors_own(site: Site) -> None:
    bare = Site(directory=site.directory)
    settings = site.directory / "settings.py"
    text = settings.read_text()
    settings.write_text(text.replace("COMPRESS_OFFLINE = True", "COMPRESS_OFFLINE = False"))
    bare.manage("collectstatic", "--no-input")
    online = bare.render()
    assert 'href="/static/CACHE/css/' in online
    assert not (bare.directory / "staticfiles/CACHE/manifest.json").exists()
    settings.write_text(text)
    bare.manage("compress")
    assert bare.render() == online
    written = (bare.directory / "staticfiles/CACHE/manifest.json").read_text()
    assert list(json.loads(written)) == sorted(json.loads(written))
    assert "CACHE" not in bare.given(DEBUG="1").render()


WRONG = {
    "COMPRESS_OFFLINE = False": "W010",
    "del COMPRESS_OFFLINE_MANIFEST_STORAGE": "W011",
    "COMPRESS_OFFLINE_MANIFEST_STORAGE = 'gone.Storage'": "W011",
    "del COMPRESS_CSS_HASHING_METHOD": "W012",
    "del COMPRESS_FILTERS": "W013",
    "COMPRESS_FILTERS = {'css': ['gone.Filter']}": "W013",
    'STATIC_URL = "/static/"': "W014",
    "COMPRESS_URL_PLACEHOLDER = ''": "W015",
    "COMPRESS_ROOT = BASE_DIR / 'compressed'": "W016",
    "COMPRESS_STORAGE = 'compressor.storage.GzipCompressorFileStorage'": "W017",
    "COMPRESS_STORAGE = 'gone.Storage'": "W017",
    "STORAGES['staticfiles']['OPTIONS']['publish_on_collect'] = True": "W018",
    "STORAGES['staticfiles']['OPTIONS']['carry'] = ['robots.txt']": "W019",
    "COMPRESS_OUTPUT_DIR = ''": "",
}
CHECK = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django
django.setup()
from static_releases.compressor_checks import compressor_messages
print(sorted({message.id.rpartition(".")[2] for message in compressor_messages()}))
"""


def test_a_check_tells_each_wrong_setting(site: Site) -> None:
    settings = site.directory / "settings.py"
    text = settings.read_text()
    site.write({"messages.py": CHECK})
    found = {}
    for wrong in ("", *WRONG):
        settings.write_text(f"{text}\n{wrong}\n")
        found[wrong] = site.run("messages.py").strip()
    expected = {"": "", **WRONG}
    assert found == {wrong: str([check] if check else []) for wrong, check in expected.items()}
    for quiet in (site.given(DEBUG="1"), site.given(STATIC_STORE="", STATIC_BASE_URL="")):
        assert quiet.run("messages.py").strip() == "[]"
    settings.write_text(f"{text}\nINSTALLED_APPS.remove('compressor')\n")
    assert site.run("messages.py").strip() == "[]"

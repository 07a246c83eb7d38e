"""Each finding, and what is none."""

import re
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from static_releases.core import findings
from static_releases.core.errors import InvalidSetting, UnreadableAsset
from static_releases.core.findings import Finding, Severity, Source


def find(
    folder: Path,
    files: Mapping[str, str | bytes],
    *,
    own: bool = True,
    static_url: str = "/static/",
    ignore: tuple[str, ...] = (),
) -> list[Finding]:
    sources = []
    for path, body in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body if isinstance(body, bytes) else body.encode())
        sources.append(Source(path=path, file=file, own=own))
    return findings.find(sources, static_url=static_url, ignore=ignore)


def ids(found: list[Finding]) -> list[str]:
    return [finding.id for finding in found]


def test_a_site_without_fault_has_no_finding(tmp_path: Path) -> None:
    site: dict[str, str | bytes] = {
        "css/a.css": "@import 'b.css';a{background:url(../img/a%20b.png?v=1#c),url(#d)}",
        "css/b.css": "@import 'https://fonts.example.com/a.css';/*# sourceMappingURL=b.css.map*/",
        "css/b.css.map": "{}",
        "img/a b.png": b"\x89PNG",
        "js/a.js": "import b from './b.js'; import 'react'; new URL('./', import.meta.url);"
        "new Worker(new URL('b.js', import.meta.url)); new URL('../img', import.meta.url)",
        "js/b.js": "export default fetch('/api/').then(a => new URL(a, 'http://localhost'))",
        "LICENSE": "free",
    }
    assert find(tmp_path, site) == []


def test_a_broken_reference_names_file_line_and_what_was_expected(tmp_path: Path) -> None:
    (finding,) = find(tmp_path, {"css/a.css": "a{}\nb{background:url(../img/no.png)}"})
    assert finding.id == "broken-reference"
    assert finding.severity is Severity.ERROR
    assert (finding.path, finding.line) == ("css/a.css", 2)
    assert finding.file == tmp_path / "css/a.css"
    assert finding.message == "url() '../img/no.png' is referred to, and there is no img/no.png."


@pytest.mark.parametrize(
    "text",
    [
        "import './no.js'",
        "export * from './no.js'",
        "import('./no.js')",
        "new URL('./no.png', import.meta.url)",
        "importScripts('no.js')",
        "import '../../no.js'",
    ],
)
def test_a_script_can_refer_to_nothing(tmp_path: Path, text: str) -> None:
    assert ids(find(tmp_path, {"js/a.js": text})) == ["broken-reference"]


@pytest.mark.parametrize("text", ["// import './no.js'", "a = 'import \"./no.js\"'", "/url('no')/"])
def test_text_that_looks_like_a_reference_is_no_finding(tmp_path: Path, text: str) -> None:
    assert find(tmp_path, {"js/a.js": text}) == []


def test_a_reference_out_of_the_collected_files_is_broken(tmp_path: Path) -> None:
    (finding,) = find(tmp_path, {"css/a.css": "a{background:url(../../media/a.png)}"})
    assert "leads out of the collected files" in finding.message


def test_a_reference_in_another_case_is_broken_and_names_the_file(tmp_path: Path) -> None:
    (finding,) = find(tmp_path, {"a.css": "a{background:url(Logo.PNG)}", "logo.png": b""})
    assert finding.id == "broken-reference"
    assert "the file is called logo.png" in finding.message


def test_each_reference_of_one_call_is_looked_at(tmp_path: Path) -> None:
    found = find(tmp_path, {"a.js": "importScripts('b.js', 'c.js', 'd.js')", "c.js": ""})
    assert [finding.message.split("'")[1] for finding in found] == ["b.js", "d.js"]


def test_an_installed_package_only_gets_warnings(tmp_path: Path) -> None:
    site = {"css/a.css": "a{background:url(no.png)}", ".env": "", "A": "", "a": ""}
    found = find(tmp_path, site, own=False)
    assert {finding.severity for finding in found} == {Severity.WARNING}
    assert {"broken-reference", "private-file"} < set(ids(found))


def test_a_missing_source_map_is_a_warning(tmp_path: Path) -> None:
    site = {"a.js": "a\n//# sourceMappingURL=a.js.map", "b.css": "/*# sourceMappingURL=b.map */"}
    found = find(tmp_path, site)
    assert ids(found) == ["missing-source-map", "missing-source-map"]
    assert {finding.severity for finding in found} == {Severity.WARNING}


def test_a_name_that_a_bundler_completes_is_a_warning_once_a_file(tmp_path: Path) -> None:
    site = {"a.js": "import './b'\nimport './c'", "b.js": "", "c/index.js": ""}
    (finding,) = find(tmp_path, site)
    assert (finding.id, finding.severity, finding.line) == ("bundler-import", Severity.WARNING, 1)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.css", "a{background:url(/static/b.png)}", "baked-static-url"),
        ("a.css", "@import '/static/no.css'", "baked-static-url"),
        ("a.js", "import('/static/b.js')", "baked-static-url"),
        ("a.js", "fetch('/static/b.png')", "baked-static-url"),
        ("a.js", "a = '<img src=\"/static/b.png\">'", "baked-static-url"),
        ("a.js", "a = '/static/' + name", "baked-static-url-text"),
        ("a.js", "a = `/static/${name}`", "baked-static-url-text"),
        ("a.css", "a{background:url(http://localhost:8000/b.png)}", "baked-host"),
        ("a.js", "import 'http://127.0.0.1:5173/b.js'", "baked-host"),
        ("a.js", "fetch('http://localhost:8000/api/')", "baked-host-text"),
        ("a.js", "a = `ws://localhost:8000/${name}`", "baked-host-text"),
    ],
)
def test_what_only_works_on_one_machine_is_found(
    tmp_path: Path, path: str, text: str, expected: str
) -> None:
    assert ids(find(tmp_path, {path: text, "b.png": b"", "b.js": ""})) == [expected]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.js", "// fetch('/static/b.png')"),
        ("a.js", "a = /['\"]\\/static\\//"),
        ("a.js", "a = '/statics/b.png'"),
        ("a.js", "a = 'see /static/b.png'"),
        ("a.js", "a = 'example.com/static/b.png'"),
        ("a.js", "new URL(a, 'http://localhost')"),
        ("a.js", "a = 'run it at http://localhost:8000/ first'"),
        ("a.js", "location.hostname === 'localhost'"),
        ("a.js", "fetch('https://api.example.com/')"),
        ("a.css", "a{background:url(/media/b.png)}"),
        ("a.css", "/* url(/static/b.png) http://localhost:8000/ */"),
        ("a.css", "a{content:'/static/b.png'}"),
        ("a.css", "a{background:url(//cdn.example.com/b.png)}"),
    ],
)
def test_what_works_everywhere_is_not(tmp_path: Path, path: str, text: str) -> None:
    assert find(tmp_path, {path: text, "b.png": b""}) == []


@pytest.mark.parametrize(
    ("static_url", "url", "expected"),
    [
        ("static/", "/static/b.png", ["baked-static-url"]),
        ("/assets/", "/static/b.png", []),
        ("https://cdn.example.com/s/", "https://cdn.example.com/s/b.png", ["baked-static-url"]),
        ("/", "/b.png", ["baked-static-url"]),
        ("/", "/api.png", []),
        ("https://cdn.example.com/s/", "/static/b.png", ["baked-static-url"]),
        ("https://cdn.example.com/s/", "/static/api.png", []),
    ],
)
def test_static_url_is_the_projects_own(
    tmp_path: Path, static_url: str, url: str, expected: list[str]
) -> None:
    site = {"a.css": f"a{{background:url({url})}}", "b.png": ""}
    assert ids(find(tmp_path, site, static_url=static_url)) == expected


def test_a_script_may_mean_the_usual_place_on_the_pages_own_origin(tmp_path: Path) -> None:
    site = {"a.js": "fetch('/static/b.png')", "b.png": ""}
    found = find(tmp_path, site, static_url="https://cdn.example.com/s/")
    assert ids(found) == ["baked-static-url-text"]


KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (".env", "A=1"),
        ("conf/.env.production", "A=1"),
        ("prod.env", "A=1"),
        (".git/config", "[core]"),
        ("vendor/.svn/entries", "12"),
        (".htpasswd", "a:b"),
        ("id_rsa", "whatever"),
        ("id_ed25519", "whatever"),
        ("db.sqlite3", b"SQLite format 3\0"),
        ("certs/a.p12", b"\x30\x82"),
        ("a.pem", KEY),
        ("a.pem", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n" + KEY),
        ("server.key", "-----BEGIN PRIVATE KEY-----"),
        ("deploy", "-----BEGIN OPENSSH PRIVATE KEY-----"),
        ("harmless.txt", "\n" + KEY),
        ("a.asc", "-----BEGIN PGP PRIVATE KEY BLOCK-----"),
        ("putty.txt", "PuTTY-User-Key-File-3: ssh-ed25519"),
        ("account.json", '{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY--'),
        ("oauth.json", '{"web": {"client_secret": "GOCSPX"}}'),
        ("settings.py", "DEBUG = True\nSECRET_KEY = 'django-insecure'"),
        ("dump.sql", "--\n-- PostgreSQL database dump\n--\n"),
        ("dump.sql", "-- MySQL dump 10.13"),
        ("terraform.tfstate", "{}"),
    ],
)
def test_what_should_not_be_public_is_found(tmp_path: Path, path: str, body: str | bytes) -> None:
    found = [finding for finding in find(tmp_path, {path: body}) if finding.id == "private-file"]
    assert [finding.severity for finding in found] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (".env.example", "A="),
        ("example.env", "A="),
        (".gitignore", "*"),
        (".well-known/security.txt", "Contact: a"),
        ("git/a.txt", ""),
        ("id_rsa.pub", "ssh-rsa AAAA"),
        ("a.pem", "-----BEGIN CERTIFICATE-----"),
        ("key.pub.pem", "-----BEGIN PUBLIC KEY-----"),
        ("docs/keys.md", "A key begins with\n\n" + KEY),
        ("crypto.js", f"a = '{KEY[:31]}'"),
        ("messages.json", '{"private_key": "Private key", "client_secret": ""}'),
        ("pyscript/app.py", "print(1)"),
        ("key.js", ""),
        ("environment.js", ""),
        ("schema.sql", "CREATE TABLE a"),
    ],
)
def test_what_is_shown_on_purpose_is_not(tmp_path: Path, path: str, body: str) -> None:
    assert "private-file" not in ids(find(tmp_path, {path: body}))


def test_paths_that_differ_in_nothing_but_case_are_found_once(tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    sources = [
        Source(path=path, file=tmp_path / "one", own=own)
        for path, own in [("a/b.css", False), ("A/b.css", True), ("a/B.css", False)]
    ]
    (finding,) = findings.find(sources, static_url="/static/")
    assert (finding.id, finding.severity, finding.path) == (
        "case-collision",
        Severity.ERROR,
        "A/b.css",
    )
    assert "a/B.css, a/b.css" in finding.message


def test_an_unknown_content_type_is_a_warning(tmp_path: Path) -> None:
    (finding,) = find(tmp_path, {"a.frobnicate": ""})
    assert (finding.id, finding.severity) == ("unknown-content-type", Severity.WARNING)


def test_findings_are_sorted_and_each_is_told_once(tmp_path: Path) -> None:
    site = {
        "b.css": "a{background:url(n)}\na{background:url(m)}",
        "a.css": "@import 'n'; @import 'n';",
    }
    found = find(tmp_path, site)
    assert [(finding.path, finding.line) for finding in found] == [
        ("a.css", 1),
        ("b.css", 1),
        ("b.css", 2),
    ]
    assert found == find(tmp_path, dict(reversed(site.items())))


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("vendor/*", ["broken-reference"]),
        ("*.css", ["unknown-content-type"]),
        ("b.css", ["broken-reference", "unknown-content-type"]),
        ("broken-reference", ["unknown-content-type"]),
        ("broken-reference:vendor/*", ["broken-reference", "unknown-content-type"]),
        (
            "unknown-content-type:*.css",
            ["broken-reference", "broken-reference", "unknown-content-type"],
        ),
    ],
)
def test_patterns_ignore_by_path_by_id_or_by_both(
    tmp_path: Path, pattern: str, left: list[str]
) -> None:
    site = {"a.css": "a{src:url(no)}", "vendor/b.css": "a{src:url(no)}", "vendor/c.what": ""}
    assert ids(find(tmp_path, site, ignore=(pattern,))) == left


@pytest.mark.parametrize("pattern", ["broken-refrence", "broken-refrence:a.css", "what:a.css"])
def test_an_unknown_id_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(InvalidSetting, match="broken-reference"):
        find(tmp_path, {}, ignore=(pattern,))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAsset, match=r"no\.css"):
        findings.find([Source(path="no.css", file=tmp_path / "no.css", own=True)], static_url="/s/")


def test_a_binary_file_with_a_scripts_name_is_read(tmp_path: Path) -> None:
    assert find(tmp_path, {"a.js": bytes(range(256)) * 100, "a.css": b"\xff\xfe\x00"}) == []


def test_many_findings_in_one_file_cost_no_more_than_their_number(tmp_path: Path) -> None:
    def seconds(number: int) -> float:
        css = "".join(f"a{{background:url(n{line})}}\n" for line in range(number))
        began = time.process_time()
        assert len(find(tmp_path, {"a.css": css})) == number
        return time.process_time() - began

    assert seconds(16_000) < 16 * max(seconds(2_000), 0.05)


def test_a_package_lies_beside_its_metadata(tmp_path: Path) -> None:
    (tmp_path / "deps/django-5.2.dist-info").mkdir(parents=True)
    assert not findings.is_own(tmp_path / "deps/django/contrib/admin/static/admin/base.css")
    assert not findings.is_own(tmp_path / "venv/lib/site-packages/a/static/a.css")
    assert findings.is_own(tmp_path / "shop/static/shop/a.css")


def test_the_documentation_lists_each_finding_with_its_severity() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/findings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (error|warning) \|", page, re.MULTILINE)
    assert rows == [(rule, str(severity)) for rule, severity in findings.SEVERITIES.items()]
    assert re.findall(r"^### ([a-z-]+)$", page, re.MULTILINE) == list(findings.SEVERITIES)

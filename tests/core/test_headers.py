"""Content types come from the package's own table, not from the machine."""

import mimetypes
from pathlib import Path

import django
import pytest

from static_releases.core import headers


@pytest.mark.parametrize(
    ("path", "content_type", "encoding"),
    [
        ("a/app.js", "text/javascript; charset=utf-8", None),
        ("a/app.MJS", "text/javascript; charset=utf-8", None),
        ("site.css", "text/css; charset=utf-8", None),
        ("logo.svg", "image/svg+xml", None),
        ("logo.svgz", "image/svg+xml", "gzip"),
        ("font.woff2", "font/woff2", None),
        ("app.js.map", "application/json", None),
        ("app.js.gz", "application/gzip", None),
        ("app.wasm", "application/wasm", None),
        ("LICENSE", "text/plain; charset=utf-8", None),
        ("LICENSE.2c54f4e1ca1c", "text/plain; charset=utf-8", None),
        ("a.css/none", "application/octet-stream", None),
        ("strange.xyzzy", "application/octet-stream", None),
    ],
)
def test_the_type_follows_from_the_name(path: str, content_type: str, encoding: str | None) -> None:
    found = headers.for_path(path)
    assert found.content_type == content_type
    assert found.content_encoding == encoding
    assert found.cache_control == "public, max-age=31536000, immutable"


def test_the_machine_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_a, **_k: ("text/evil", None))
    assert headers.for_path("a.css").content_type == "text/css; charset=utf-8"


def test_every_file_of_the_admin_has_a_known_type() -> None:
    static = Path(django.__file__).parent / "contrib/admin/static"
    files = [file for file in static.rglob("*") if file.is_file()]
    assert len(files) > 100
    assert [file.name for file in files if not headers.is_known(file.as_posix())] == []

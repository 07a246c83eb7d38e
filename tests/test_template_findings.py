"""What templates ask for: compiled by Django's own engine."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.test import override_settings

from static_releases import template_findings
from static_releases.core.findings import Finding, Severity
from static_releases.template_findings import Names

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
if not apps.ready:
    django.setup()

DJANGO = "django.template.backends.django.DjangoTemplates"
ASSETS = frozenset(
    {"css/a.css", "img/Logo.png", "flags/de.png", "img/flag-de.png", "cms/1/a.js", "odd%20name.css"}
)
TAGS = """
from django import template
from django.templatetags.static import StaticNode

register = template.Library()

class Versioned(StaticNode):
    def url(self, context):
        return self.handle_simple("cms/1/" + self.path.resolve(context))

class Queried(StaticNode):
    def url(self, context):
        return super().url(context) + "?v=1"

class Unknowable(StaticNode):
    @classmethod
    def handle_simple(cls, path):
        return "https://example.com/" + path

class Broken(StaticNode):
    def url(self, context):
        return self.handle_simple(context["request"].path)

class Kept(template.Node):
    def __init__(self, nodes):
        self.blocks = {"inner": nodes}

@register.tag
def keep(parser, token):
    nodes = parser.parse(["endkeep"])
    parser.delete_first_token()
    return Kept(nodes)

@register.tag
def fails(parser, token):
    raise RuntimeError("no database here")

for node in (Versioned, Queried, Unknowable, Broken):
    register.tag(node.__name__.lower(), node.handle_token)
"""


class Project:
    """A folder of templates, and the findings in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, templates: Mapping[str, str]) -> None:
        for name, text in templates.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def findings(
        self,
        text: str,
        *,
        own: bool = True,
        names: Names = "plain",
        ignore: tuple[str, ...] = (),
    ) -> list[Finding]:
        self.write({"shop/page.html": text})
        return template_findings.find(ASSETS, is_own=lambda _: own, names=names, ignore=ignore)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    (tmp_path / "asset_tags.py").write_text(TAGS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "asset_tags", raising=False)
    folder = tmp_path / "templates"
    engine = {
        "BACKEND": DJANGO,
        "DIRS": [folder],
        "OPTIONS": {"libraries": {"asset_tags": "asset_tags"}},
    }
    with override_settings(TEMPLATES=[engine]):
        yield Project(folder)


LOAD = "{% load static asset_tags %}"


@pytest.mark.parametrize(
    "text",
    [
        "{% static 'no.css' %}",
        '<link href="{% static "no.css" %}">',
        "{% static 'no.css' as url %}{{ url }}",
        "{% if a %}{% for b in c %}{% static 'no.css' %}{% endfor %}{% endif %}",
        "{% block a %}{% with b=1 %}{% static 'no.css' %}{% endwith %}{% endblock %}",
        "{% if a %}{% else %}{% static 'no.css' %}{% endif %}",
        "{% for a in b %}{% empty %}{% static 'no.css' %}{% endfor %}",
        "{% keep %}{% if a %}{% static 'no.css' %}{% endif %}{% endkeep %}",
        "{% static 'css/' %}{{ name }}{% static 'no/' %}{{ name }}",
        "{% static 'CSS/a.css' %}",
        "{% versioned 'no.js' %}",
        "{% queried 'no.js' %}",
    ],
)
def test_a_literal_without_a_file_is_an_error(project: Project, text: str) -> None:
    (finding,) = project.findings(LOAD + "\n" + text)
    assert (finding.id, finding.severity) == ("broken-static-tag", Severity.ERROR)
    assert (finding.path, finding.line) == ("shop/page.html", 2)
    assert finding.file == project.folder / "shop/page.html"


@pytest.mark.parametrize(
    "text",
    [
        "{% static 'css/a.css' %}",
        "{% static '/css/a.css' %}",
        "{% static path %}",
        "{% static 'no'|add:'.css' %}",
        "{% static '' %}",
        "{% static 'flags/' %}{{ code }}.png",
        "{% static 'flags' %}/{{ code }}.png",
        "{% static 'img/flag-' %}{{ code }}.png",
        "{% comment %}{% static 'no.css' %}{% endcomment %}",
        "{# {% static 'no.css' %} #}",
        "{% verbatim %}{% static 'no.css' %}{% endverbatim %}",
        "{% versioned 'a.js' %}",
        "{% queried 'css/a.css' %}",
        "{% unknowable 'no.js' %}",
        "{% broken 'no.js' %}",
        "{% get_media_prefix %}",
        "{{ MEDIA_URL }}",
    ],
)
def test_what_is_there_or_cannot_be_known_is_no_finding(project: Project, text: str) -> None:
    assert project.findings(LOAD + text) == []


# Where the tag leads to a file; see test_examination.py for what Django makes of each.
NAMES = {
    "css/a.css?v=1": {"hashed", "own"},
    "img/Logo.png#a": {"hashed", "own"},
    "/css/a.css": {"plain", "own"},
    "img/../css/a.css": {"plain"},
    "css\\\\a.css": {"plain"},
    " css/a.css": {"hashed"},
    "odd%20name.css": {"plain"},
    "odd%2520name.css": {"hashed", "own"},
    "https://example.com/a.css": {"own"},
    "flags": {"plain", "own"},
    "flags/": {"plain", "hashed", "own"},
    "../css/a.css": set(),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_read_as_the_storage_reads_it(project: Project, name: str) -> None:
    text = LOAD + f'{{% static "{name}" %}}'
    kinds: tuple[Names, ...] = ("plain", "hashed", "own")
    assert {kind for kind in kinds if not project.findings(text, names=kind)} == NAMES[name]


def test_a_hashed_name_is_looked_up_whole(project: Project) -> None:
    text = LOAD + "{% static 'img/flag-' %}{{ code }}.png"
    (finding,) = project.findings(text, names="hashed")
    assert finding.id == "broken-static-tag"


@pytest.mark.parametrize("name", ["no.js", "css/", ""])
def test_an_integrity_value_of_no_file_is_an_error(project: Project, name: str) -> None:
    load = "{% load static_releases %}"
    found = project.findings(load + f"{{% static_integrity '{name}' as value %}}")
    assert [finding.id for finding in found] == ["broken-static-tag"] * bool(name)
    assert project.findings(load + "{% static_integrity path='/css/a.css' %}") == []
    assert project.findings(load + "{% static_integrity path %}{% release_version %}") == []


def test_a_tag_of_any_name_is_known_by_its_library(project: Project) -> None:
    (finding,) = project.findings("{% load asset_tags %}{% versioned 'no.js' %}")
    assert finding.id == "broken-static-tag"


def test_a_name_cut_off_is_not_the_beginning_of_one(project: Project) -> None:
    (finding,) = project.findings(LOAD + "<img src=\"{% static 'img/flag-' %}\">")
    assert finding.id == "broken-static-tag"


def test_another_case_is_told(project: Project) -> None:
    (finding,) = project.findings(LOAD + "{% static 'img/logo.png' %}")
    assert finding.message == (
        "{% static 'img/logo.png' %} refers to img/logo.png, and the file is called img/Logo.png."
    )


@pytest.mark.parametrize(
    "text", ["{% get_static_prefix %}", "{% get_static_prefix as a %}", "{{ STATIC_URL }}a.css"]
)
def test_a_prefix_that_knows_no_version_is_an_error(project: Project, text: str) -> None:
    (finding,) = project.findings(LOAD + text)
    assert (finding.id, finding.severity) == ("static-prefix-tag", Severity.ERROR)


def test_what_a_template_extends_or_includes_need_not_be_there(project: Project) -> None:
    found = project.findings(
        "{% extends 'no.html' %}{% load static %}"
        "{% block a %}{% include 'no.html' %}{% static 'no.css' %}{% endblock %}"
    )
    assert [finding.id for finding in found] == ["broken-static-tag"]


@pytest.mark.parametrize(
    "text",
    ["{% static %}", "{% load nothing %}{% static 'a' %}", "{% if %} static", LOAD + "{% fails %}"],
)
def test_a_template_that_does_not_compile_is_a_warning_in_the_project(
    project: Project, text: str
) -> None:
    (finding,) = project.findings(text)
    assert (finding.id, finding.severity) == ("unreadable-template", Severity.WARNING)
    assert project.findings(text, own=False) == []


def test_a_template_in_another_charset_is_a_warning(project: Project) -> None:
    project.write({"a.html": ""})
    (project.folder / "a.html").write_bytes(b"{% load static %}\xe9")
    (finding,) = project.findings("")
    assert (finding.id, finding.path) == ("unreadable-template", "a.html")


def test_the_line_at_which_it_does_not_compile_is_told(project: Project) -> None:
    (finding,) = project.findings(LOAD + "\n\n{% static %}")
    assert finding.line == 3


@pytest.mark.parametrize("name", [".#page.html", ".git/page.html", "page.html~", "large.html"])
def test_what_is_no_template_is_not_read(project: Project, name: str) -> None:
    project.write({name: LOAD + "{% static 'no.css' %}" + " " * 5_000_000 * (name[0] == "l")})
    assert project.findings("") == []


def test_a_pipe_and_a_link_to_nothing_are_no_templates(project: Project) -> None:
    project.write({"page.html": ""})
    os.mkfifo(project.folder / "pipe.html")
    (project.folder / "gone.html").symlink_to("/nonexistent")
    assert project.findings("") == []


def test_an_installed_package_only_gets_warnings(project: Project) -> None:
    (finding,) = project.findings(LOAD + "{% static 'no.css' %}", own=False)
    assert finding.severity is Severity.WARNING


def test_findings_are_ignored_by_the_templates_name(project: Project) -> None:
    text = LOAD + "{% static 'no.css' %}"
    assert project.findings(text, ignore=("broken-static-tag:shop/*",)) == []
    assert project.findings(text, ignore=("static-prefix-tag:shop/*", "blog/*")) != []


def test_templates_of_apps_are_read_and_other_engines_are_not(project: Project) -> None:
    project.write({"page.html": LOAD + "{% static 'no.css' %}"})
    other = {"BACKEND": "tests.test_template_findings.NotDjango", "DIRS": [], "APP_DIRS": False}
    django_engine = {"BACKEND": DJANGO, "APP_DIRS": True}
    with override_settings(
        TEMPLATES=[{**other, "NAME": "other", "OPTIONS": {}}, django_engine],
        INSTALLED_APPS=["django.contrib.staticfiles", "django.contrib.admin", "django.contrib.auth",
                        "django.contrib.contenttypes"],
    ):  # fmt: skip
        found = template_findings.find((), is_own=lambda _: True)
    assert "admin/base.html" in {finding.path for finding in found}


class NotDjango:
    """An engine of another kind, which is left alone."""

    def __init__(self, params: Mapping[str, object]) -> None:
        self.params = params


def test_djangos_own_admin_asks_for_nothing_that_is_not_there(project: Project) -> None:
    admin = Path(django.__path__[0]) / "contrib/admin/static"
    assets = {file.relative_to(admin).as_posix() for file in admin.rglob("*") if file.is_file()}
    with override_settings(
        TEMPLATES=[{"BACKEND": DJANGO, "APP_DIRS": True}],
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
        ],
    ):
        assert template_findings.find(assets, is_own=lambda _: True) == []

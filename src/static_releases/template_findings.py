"""Build-time findings in templates: what `{% static %}` names, read by Django's own engine.

Templates are compiled, never rendered: what they extend or include is not looked for.
"""

import os
import posixpath
import re
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from inspect import getattr_static
from itertools import chain, pairwise
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from django.template import Context, Engine, Node, Origin, Template, engines
from django.template.backends.django import DjangoTemplates
from django.template.base import TextNode, VariableNode
from django.template.library import SimpleNode
from django.templatetags.static import PrefixNode, StaticNode

from static_releases.core import findings
from static_releases.core.errors import UnreadableAsset
from static_releases.core.findings import Finding, Source, finding
from static_releases.core.references import urls

_NO_ASSET = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|[?#]|\Z")
_HOLDERS = (Node, list, tuple, dict)
_LARGEST_BYTES = 4 * 1024 * 1024
_URL_ENDS = re.compile(r"[\"'\s)<>]|\Z")


# What a storage makes of the name in a tag: Django's `FileSystemStorage.url`, which quotes all of
# it, its `HashedFilesMixin.url`, which looks it up less query and fragment, or a project's own.
Names = Literal["plain", "hashed", "own"]


def find(
    assets: Collection[str],
    *,
    is_own: Callable[[Path], bool],
    names: Names = "plain",
    ignore: Iterable[str] = (),
) -> list[Finding]:
    """Return the findings in the templates of all DjangoTemplates engines, sorted.

    `assets` are the paths of the release. `is_own` tells by a template's file whether it is the
    project's. A template that doesn't compile is a warning if it is the project's own; a
    package's may be for an app that is not installed. `ignore` is as for `findings.without`, and
    compared with the template's name.
    """
    release = _Release(assets=frozenset(assets), names=names)
    backends = (backend for backend in engines.all() if isinstance(backend, DjangoTemplates))
    found = chain.from_iterable(_in_engine(backend.engine, is_own, release) for backend in backends)
    return findings.without(found, ignore)


@dataclass(frozen=True, kw_only=True)
class _Release:
    assets: frozenset[str]
    names: Names

    def path(self, asked: str) -> str:
        """Return the path that the storage's `url` looks up or leads to; "" for no asset."""
        if self.names == "hashed":
            return urlsplit(unquote(asked)).path.strip()
        if self.names == "own":
            return "" if _NO_ASSET.match(asked) else urls.path_of(asked).lstrip("/")
        path = asked.replace("\\", "/").lstrip("/")
        return path and posixpath.normpath(path) + "/" * path.endswith("/")

    def has(self, path: str, *, is_continued: bool) -> bool:
        """Tell whether there is the asset, or something in the folder or after the beginning.

        Hashed names are looked up whole: only a folder with its slash passes.
        """
        if path in self.assets:
            return True
        if self.names == "hashed":
            return path.endswith("/") and self.has_below(path)
        return self.has_below(path.rstrip("/") + "/") or (is_continued and self.has_below(path))

    @cached_property
    def by_folded(self) -> Mapping[str, str]:
        return {path.casefold(): path for path in sorted(self.assets, reverse=True)}

    def has_below(self, beginning: str) -> bool:
        return any(path.startswith(beginning) for path in self.assets)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """A node, and the one that is rendered directly after it."""

    node: Node
    following: object


def _in_engine(
    engine: Engine, is_own: Callable[[Path], bool], release: _Release
) -> Iterator[Finding]:
    words = _words(engine)
    for directory in _directories(engine):
        for file in _files(directory):
            body = _read(file)
            if any(word in body for word in words):
                name = file.relative_to(directory).as_posix()
                template = Source(path=name, file=file, own=is_own(file))
                yield from _in_template(template, engine, release)


def _directories(engine: Engine) -> Iterable[Path]:
    """Return where the engine looks; a template that another one hides can still be extended."""
    loaders = (loader for loader in engine.template_loaders if hasattr(loader, "get_dirs"))
    directories = chain(engine.dirs, *(loader.get_dirs() for loader in loaders))
    return dict.fromkeys(Path(directory).absolute() for directory in directories)


def _files(directory: Path) -> Iterator[Path]:
    """Yield the files that can be templates: not what collectstatic and makemessages pass over."""
    for folder, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if not name.startswith(".")]
        candidates = (name for name in names if not name.startswith(".") and name[-1] != "~")
        yield from filter(_is_small_file, (Path(folder, name) for name in candidates))


def _is_small_file(file: Path) -> bool:
    """Tell a file from a pipe, a link to nothing, and what no engine would be made to render."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable_file(file, error) from error
    return stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST_BYTES


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable_file(file, error) from error


def _unreadable_file(file: Path, error: OSError) -> UnreadableAsset:
    return UnreadableAsset(f"{file} can't be read: {error.strerror or error}.")


def _words(engine: Engine) -> frozenset[bytes]:
    """Return what stands in every template that holds a node we look for.

    Compiling is slow, and of a large site's templates one in ten has such a word. A tag of a
    name of its own is defined where there is a subclass of Django's nodes.
    """
    libraries = chain(engine.template_libraries.values(), engine.template_builtins)
    tags = chain.from_iterable(library.tags.items() for library in libraries)
    return frozenset({b"static", b"STATIC_URL"}) | {
        name.encode() for name, function in tags if _is_beside_static_node(function)
    }


def _is_beside_static_node(function: object) -> bool:
    module = sys.modules.get(getattr(function, "__module__", ""))
    return any(
        isinstance(value, type) and issubclass(value, StaticNode | PrefixNode)
        for value in (vars(module).values() if module else ())
    )


def _in_template(template: Source, engine: Engine, release: _Release) -> Iterator[Finding]:
    try:
        text = template.file.read_text(engine.file_charset)
        origin = Origin(str(template.file), template.path)
        nodes = Template(text, origin, template.path, engine).nodelist
    except Exception as error:  # noqa: BLE001  a tag's compile function may raise anything
        if template.own:
            yield _unreadable(template, error)
        return
    for place in _places(nodes):
        yield from _in_node(place, template, release)


def _places(nodes: list[Node]) -> Iterator[_Place]:
    """Yield all nodes, wherever a node keeps them.

    `Node.get_nodes_by_type` sees only what `child_nodelists` names, and the block tags of
    django-classytags (django-cms, sekizai) name nothing.
    """
    waiting: list[tuple[object, object]] = [(nodes, None)]
    seen: set[int] = set()
    while waiting:
        item, following = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Node):
            yield _Place(node=item, following=following)
            waiting += ((value, None) for value in _holders(vars(item)))
        elif isinstance(item, dict):
            waiting += ((value, None) for value in _holders(item))
        elif isinstance(item, list | tuple):
            waiting += pairwise((*item, None))


def _holders(values: dict[str, object]) -> Iterator[object]:
    return (value for value in values.values() if isinstance(value, _HOLDERS))


def _in_node(place: _Place, template: Source, release: _Release) -> Iterator[Finding]:
    node = place.node
    if isinstance(node, StaticNode):
        asked = _asked(node)
        path = release.path(asked) if asked is not None else ""
        is_continued = _is_continued(node, place.following)
        if path and not release.has(path, is_continued=is_continued):
            yield _broken(path, node, template, release)
    elif isinstance(node, SimpleNode) and _is_integrity(node.func):
        path = release.path(_literal(*node.args, *node.kwargs.values()) or "")
        if path and path not in release.assets:
            yield _broken(path, node, template, release)
    elif isinstance(node, PrefixNode) and node.name == "STATIC_URL":
        yield _prefix("{% get_static_prefix %}", node, template)
    elif isinstance(node, VariableNode) and str(node.filter_expression.var) == "STATIC_URL":
        yield _prefix("{{ STATIC_URL }}", node, template)


def _asked(node: StaticNode) -> str | None:
    """Return the literal that reaches the storage: a tag of another class may add to it.

    Such a tag's `url` is called, with an empty context, to see what it makes of the path. None
    where there is no literal, or that isn't known.
    """
    literal, tag = _literal(node.path), type(node)
    if getattr_static(tag, "handle_simple") is not vars(StaticNode)["handle_simple"]:
        return None
    if literal is None or tag.url is StaticNode.url:
        return literal
    asked: list[object] = []
    recorder = copy(node)
    recorder.__class__ = type(tag.__name__, (tag,), {"handle_simple": staticmethod(asked.append)})
    with suppress(Exception):
        recorder.url(Context())
    return asked[0] if len(asked) == 1 and isinstance(asked[0], str) else None


def _literal(expression: object, *_others: object) -> str | None:
    """Return what a tag's argument is, or None where only rendering tells."""
    literal = getattr(expression, "var", None)
    is_known = isinstance(literal, str) and not getattr(expression, "filters", None)
    return literal if is_known else None


def _is_integrity(function: object) -> bool:
    """Tell whether a tag is ``{% static_integrity %}``, which fails in a page without its file."""
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', '')}"
    return name == "static_releases.templatetags.static_releases.static_integrity"


def _is_continued(node: StaticNode, following: object) -> bool:
    """Tell ``{% static "flags/" %}{{ code }}.png`` and ``{% static "flag-" %}{{ code }}.png``."""
    return node.varname is None and (
        isinstance(following, VariableNode)
        or (isinstance(following, TextNode) and not _URL_ENDS.match(following.s))
    )


def _broken(path: str, node: Node, template: Source, release: _Release) -> Finding:
    other = release.by_folded.get(path.casefold())
    return finding(
        "broken-static-tag",
        template,
        line=_line(node),
        message=f"{{% {node.token.contents if node.token else 'static'} %}} refers to {path}, "
        + (f"and the file is called {other}." if other else "and there is no such file."),
        hint="Add the file, mend the path, or add the app that brings it to INSTALLED_APPS.",
    )


def _prefix(written: str, node: Node, template: Source) -> Finding:
    return finding(
        "static-prefix-tag",
        template,
        line=_line(node),
        message=f"{written} gives STATIC_URL, which knows no version: no release is there.",
        hint="Write {% static 'folder/' %} for a folder and {% static 'file' %} for a file.",
    )


def _unreadable(template: Source, error: Exception) -> Finding:
    return finding(
        "unreadable-template",
        template,
        line=getattr(getattr(error, "token", None), "lineno", None),
        message=f"{template.path} doesn't compile: {str(error).partition(chr(10))[0]}",
        hint="Mend the template, or ignore this if Django never renders it.",
    )


def _line(node: Node) -> int | None:
    return node.token.lineno if node.token else None

"""Files that nobody means to show to everyone: by name, and by how they begin."""

import fnmatch
import re

_FOLDERS = frozenset({".aws", ".git", ".gnupg", ".hg", ".ssh", ".svn"})
_NAMES: dict[str, tuple[str, ...]] = {
    "settings of an environment, which hold its secrets": (".env", ".env.*", "*.env", ".envrc"),
    "passwords of a tool": (
        ".dockercfg", ".git-credentials", ".htpasswd", ".my.cnf", ".netrc", "_netrc", ".pgpass",
        ".pypirc",
    ),
    "a private SSH key": ("id_dsa", "id_ecdsa", "id_ed25519", "id_rsa"),
    "a store of keys or passwords": ("*.jks", "*.kdbx", "*.keystore", "*.p12", "*.pfx", "*.ppk"),
    "a database": ("*.sqlite3", "*.sqlite3-journal", "*.sqlite3-shm", "*.sqlite3-wal"),
    "Terraform's state, which holds its secrets": ("*.tfstate", "*.tfstate.*"),
    "a history of commands": (".bash_history", ".psql_history", ".python_history", ".zsh_history"),
}  # fmt: skip
_NAME = re.compile(
    "|".join(f"({'|'.join(map(fnmatch.translate, names))})" for names in _NAMES.values())
)
_REASONS = tuple(_NAMES)
# What a project shows on purpose, so that others can write their own.
_EXAMPLE = re.compile(r"[._-](?:dist|example|sample|template)\b|^(?:example|sample)\.")

_KEY = rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d"
_BEGINS_WITH_KEY = re.compile(rb"\s*(?:%b)" % _KEY)
# A certificate often stands before its key.
_HOLDS_KEY = re.compile(rb"^(?:%b)" % _KEY, re.MULTILINE)
_DUMP = re.compile(
    rb"\s*(?:PGDMP|(?:--\s*)*-- (?:PostgreSQL database|MySQL|MariaDB) dump"
    rb"|PRAGMA foreign_keys=OFF;\s*BEGIN TRANSACTION;)"
)
_JSON_SECRET = re.compile(rb'"private_key"\s*:\s*"-----BEGIN |"client_secret"\s*:\s*"[^"]')
_SECRET_KEY = re.compile(rb"^SECRET_KEY\s*=\s*[rbuf]*[\"']", re.MULTILINE)
_BY_EXTENSION = {
    "json": ("credentials of a service", _JSON_SECRET),
    "py": ("Django's SECRET_KEY", _SECRET_KEY),
} | dict.fromkeys(
    ("asc", "cer", "crt", "key", "p8", "pem", "pub", ""), ("a private key", _HOLDS_KEY)
)


def why(path: str, beginning: bytes) -> str | None:
    """Return what a file holds that should not be public, from its path and its first bytes."""
    *folders, name = path.split("/")
    hidden = next((folder for folder in folders if folder in _FOLDERS), None)
    if hidden:
        return f"part of {hidden}/"
    return _by_name(name.lower()) or _by_beginning(name.lower(), beginning)


def _by_name(name: str) -> str | None:
    match = _NAME.match(name)
    if match is None or _EXAMPLE.search(name):
        return None
    return _REASONS[(match.lastindex or 1) - 1]


def _by_beginning(name: str, beginning: bytes) -> str | None:
    if _BEGINS_WITH_KEY.match(beginning):
        return "a private key"
    if _DUMP.match(beginning):
        return "a dump of a database"
    _, _, extension = name.rpartition(".")
    reason, pattern = _BY_EXTENSION.get(extension if "." in name else "", (None, None))
    return reason if pattern and pattern.search(beginning) else None

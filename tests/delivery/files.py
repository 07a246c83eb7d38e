"""The YAML files of the example, read."""

from pathlib import Path
from typing import Any

import yaml

EXAMPLE = Path(__file__).parents[2] / "example"


class Loader(yaml.SafeLoader):
    """Reads YAML, and GitLab's `!reference [job, key]` as the list that it is."""


def reference(loader: Loader, at: yaml.SequenceNode) -> list[str]:
    """Return the parts of a reference."""
    return loader.construct_sequence(at)


Loader.add_constructor("!reference", reference)


def documents(file: Path) -> list[dict[str, Any]]:
    """Return the documents in a file."""
    return list(yaml.load_all(file.read_text(), Loader))

"""The integrity values of the release in use: from the record, else read from the public URL."""

import difflib
from collections.abc import Mapping

from static_releases.core import record
from static_releases.core.configuration import Configuration
from static_releases.core.errors import AssetNotFound, InvalidSetting, NotReady
from static_releases.core.record import Record


def of_release(config: Configuration) -> Mapping[str, str]:
    """Return the W3C SRI value of each asset of the configured version, by its path.

    The record answers if it is of this version. Where it is of another, or where there is none
    (an image that was published after it was built), the public URL is asked, without
    credentials. Raises `NotReady` if neither knows.
    """
    version = config.require_version()
    kept = record.find(config.record_dir)
    if kept is not None and kept.version == version:
        return kept.integrity
    # Not above: a web worker that has its record asks nobody, and loads no HTTP client.
    from static_releases.core import readiness

    try:
        manifest = readiness.manifest(config.public_base(), version)
    except (NotReady, InvalidSetting) as error:
        raise NotReady(
            f"The integrity values of {version} are not known here: {_without(config, kept)}, and "
            f"asking the public URL failed: {error}"
        ) from error
    return {asset.path: asset.integrity for asset in manifest.assets}


def value(values: Mapping[str, str], path: str, version: str) -> str:
    """Return the value of one asset, or raise `AssetNotFound` naming the nearest."""
    try:
        return values[path]
    except KeyError:
        close = difflib.get_close_matches(path, values, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise AssetNotFound(f"The release {version} has no asset {path!r}.{hint}") from None


def _without(config: Configuration, kept: Record | None) -> str:
    if kept is not None:
        return f"the record in {config.record_dir} is of {kept.version}"
    if config.record_dir is None:
        return "no `record_dir` is set"
    return f"there is no record in {config.record_dir} (the image's last stage copies it)"

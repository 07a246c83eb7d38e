"""Collected files into a published release: examined, published, recorded, and told in a line.

What `collectstatic`, ``staticreleases publish`` and ``static-releases publish`` have in common.
"""

import getpass
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Literal

from static_releases.core import collecting, findings, record
from static_releases.core.configuration import Configuration
from static_releases.core.errors import BrokenFiles, InvalidDocument, InvalidSetting, StoreError
from static_releases.core.findings import Finding, Severity, Source
from static_releases.terminal import Terminal, size

# Who is believed about what is published: the record can be older than the store.
Ask = Literal["store", "record"]
# Tells what is wrong with the files of a release, by their paths.
Examine = Callable[[Configuration, Mapping[str, Path]], list[Finding]]

_SHOWN_WARNINGS = 10


def check(
    config: Configuration, files: Mapping[str, Path], out: Terminal, *, examine: Examine
) -> int:
    """Print every finding; the exit status is 1 if one of them is an error."""
    found = examine(config, collecting.without(files, config.exclude))
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    for finding in found:
        _tell(finding, out.line)
    out.line(f"{len(files):,} files: {_counted(found)}.")
    out.json(
        {
            "errors": len(errors),
            "warnings": len(found) - len(errors),
            "findings": [asdict(finding) | {"file": str(finding.file)} for finding in found],
        }
    )
    return 1 if errors else 0


def examine_alone(config: Configuration, files: Mapping[str, Path]) -> list[Finding]:
    """Examine files of which nobody knows the owner: all count as the project's own."""
    sources = (Source(path=path, file=file, own=True) for path, file in files.items())
    return findings.find(sources, static_url="/static/", ignore=config.ignore)


def _require_sound(
    config: Configuration, files: Mapping[str, Path], out: Terminal, examine: Examine
) -> None:
    """Print what is found, warnings in short, and raise `BrokenFiles` if there is an error."""
    found = examine(config, collecting.without(files, config.exclude))
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    warnings = [finding for finding in found if finding.severity is not Severity.ERROR]
    for finding in [*errors, *warnings[:_SHOWN_WARNINGS]]:
        _tell(finding, out.error)
    if len(warnings) > _SHOWN_WARNINGS:
        rest = len(warnings) - _SHOWN_WARNINGS
        out.error(f"... and {rest:,} more warnings; `staticreleases check` tells them all.")
    if errors:
        raise BrokenFiles(
            f"{_counted(errors)} in the files to publish, named above; nothing is published. "
            "Mend them, or name what is meant to be so in the option `ignore`."
        )


def _tell(finding: Finding, tell: Callable[[str], None]) -> None:
    where = str(finding.file) if finding.line is None else f"{finding.file}:{finding.line}"
    tell(f"{where}: {finding.severity}: {finding.message} [{finding.id}]")
    tell(f"    {finding.hint}")


def _counted(found: list[Finding]) -> str:
    errors = sum(finding.severity is Severity.ERROR for finding in found)
    parts = [(errors, "error"), (len(found) - errors, "warning")]
    told = [f"{count:,} {name}{'s'[: count != 1]}" for count, name in parts if count]
    return " and ".join(told) or "nothing found"


def publish(
    config: Configuration,
    files: Mapping[str, Path],
    out: Terminal,
    *,
    examine: Examine,
    quiet_time: timedelta | None = None,
    ask: Ask = "store",
) -> int:
    """Publish these files and leave the record; one line says what was done.

    With ``ask="record"``, nothing is done where the record says that they are published: no
    network, no credentials, no client library. A folder is always asked: it needs none of them.
    """
    collected = _read(config, files)
    mismatch = _mismatch(config, collected) if ask == "record" else ""
    if mismatch is None:
        return _tell_recorded(config, collected, out)
    _require_sound(config, files, out, examine)
    try:
        return _publish(config, collected, out, quiet_time=quiet_time)
    except (StoreError, InvalidSetting) as error:
        if mismatch:
            error.add_note(f"The record doesn't say that this is published: {mismatch}.")
        raise


def _publish(
    config: Configuration,
    collected: collecting.Collected,
    out: Terminal,
    *,
    quiet_time: timedelta | None,
) -> int:
    from static_releases.core import planning, publishing

    version = config.require_version()
    with out.progress(f"publishing {version}") as watch:
        publication = publishing.publish(
            config.open_store(absent="made"),
            version,
            collected,
            by=who(),
            in_flight=config.in_flight,
            quiet_time=planning.QUIET if quiet_time is None else quiet_time,
            watch=watch,
        )
    if config.record_dir is not None:
        record.write(
            config.record_dir,
            collected,
            version=version,
            store=str(config.require_store()),
            store_url=_store_url(config),
            claim_number=publication.claim_number,
            claim_id=publication.claim_id,
            carry=config.carry,
        )
    manifest, where = publication.manifest, _shown_base(config)
    done = "Published" if publication.is_new else "Already published"
    out.line(
        f"{done} {version}: {len(manifest.assets):,} files, {size(manifest.size_bytes)} "
        f"({publication.uploaded:,} uploaded, {publication.resumed:,} resumed) "
        f"in {publication.seconds:.1f} s at {where}"
    )
    out.json(
        {
            "version": version,
            "is_new": publication.is_new,
            "files": len(manifest.assets),
            "size_bytes": manifest.size_bytes,
            "uploaded": publication.uploaded,
            "uploaded_bytes": publication.uploaded_bytes,
            "resumed": publication.resumed,
            "seconds": round(publication.seconds, 3),
            "tree_digest": manifest.tree_digest,
            "base_url": where,
        }
    )
    return 0


def plan(
    config: Configuration,
    files: Mapping[str, Path],
    out: Terminal,
    *,
    examine: Examine,
    quiet_time: timedelta | None = None,
    ask: Ask = "store",
) -> int:
    """Say what publishing these files would do; nothing is written."""
    version = config.require_version()
    collected = _read(config, files)
    if ask == "record" and _mismatch(config, collected) is None:
        return _tell_recorded(config, collected, out)
    _require_sound(config, files, out, examine)
    from static_releases.core import planning

    plan = planning.plan(
        config.open_store(absent="made"),
        version,
        collected.manifest,
        quiet_time=planning.QUIET if quiet_time is None else quiet_time,
    )
    missing, missing_bytes = len(plan.missing), sum(asset.size_bytes for asset in plan.missing)
    action = {
        "nothing": "is published with the same files: nothing to do",
        "claim": f"would be published: {missing:,} files, {size(missing_bytes)} to upload",
        "continue": f"would be resumed: {missing:,} files, {size(missing_bytes)} to upload",
    }[plan.action]
    out.line(f"{version} {action} (in {config.require_store()}).")
    out.json(
        {
            "version": version,
            "action": plan.action,
            "files": len(collected.manifest.assets),
            "size_bytes": collected.manifest.size_bytes,
            "to_upload": missing,
            "to_upload_bytes": missing_bytes,
            "tree_digest": collected.manifest.tree_digest,
        }
    )
    return 0


def who() -> str:
    """Return who publishes, for the claim and the seal, which are public."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _read(config: Configuration, files: Mapping[str, Path]) -> collecting.Collected:
    return collecting.read(
        collecting.without(files, config.exclude),
        cache_control=config.require_target().cache_control,
        max_asset_bytes=config.max_asset_bytes,
    )


def _shown_base(config: Configuration) -> str:
    """Return where the release is found, as far as it can be told."""
    try:
        return f"{config.public_url()}{config.version}/"
    except InvalidSetting:
        return f"{config.require_store()}/{config.version}/"


def _store_url(config: Configuration) -> str:
    """Return the store's own public URL, or "" where it can't be told."""
    try:
        return config.store_url()
    except InvalidSetting:
        return ""


def _mismatch(config: Configuration, collected: collecting.Collected) -> str | None:
    """Return None if the record says that this is published, else why not, as far as it can be."""
    try:
        kept = record.find(config.record_dir) if config.has_own_url else None
    except InvalidDocument as error:
        return f"{error}; publishing replaces it"
    if kept is None:
        return ""
    return record.mismatch(
        kept,
        collected,
        version=config.require_version(),
        store=str(config.require_store()),
        store_url=_store_url(config),
        carry=config.carry,
    )


def _tell_recorded(config: Configuration, collected: collecting.Collected, out: Terminal) -> int:
    manifest = collected.manifest
    out.line(
        f"Already published {config.version}: {len(manifest.assets):,} files, "
        f"{size(manifest.size_bytes)} (by the record in {config.record_dir}; the store was not "
        "asked: `staticreleases publish` asks it)"
    )
    return 0

"""Figures as people read them: sizes, counts and times."""

from datetime import UTC, datetime, timedelta


def size(size_bytes: int | None) -> str:
    """Return a size as people read it: ``6.3 MB``, in powers of ten."""
    if size_bytes is None:
        return ""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    value, units = size_bytes / 1000, ["kB", "MB", "GB", "TB"]
    while value >= 999.95 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.1f} {units[0]}"


def number(count: int | None) -> str:
    """Return a count with its thousands apart, or nothing for None."""
    return "" if count is None else f"{count:,}"


def when(at: datetime | None) -> str:
    """Return a time to the minute, or nothing for None."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def lasting(span: timedelta) -> str:
    """Return a span in its largest unit: ``3 days``, ``1 hour``."""
    seconds = max(0, int(span.total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count:,} {unit}{'s'[: count != 1]}"
    return "under a minute"

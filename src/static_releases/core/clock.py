"""The time by the clock of a store's host."""

import urllib.error
import urllib.request
from datetime import datetime
from email.utils import parsedate_to_datetime

from static_releases.core import reasons
from static_releases.core.errors import StoreError, StoreUnreachable


def date_of(url: str, name: str) -> datetime:
    """Return the Date of an answer from this URL, whatever the answer (RFC 9110, 6.6.1)."""
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310  (a store's own URL)
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
            date = answer.headers["Date"]
    except urllib.error.HTTPError as refusal:
        date = refusal.headers["Date"]
    except OSError as error:
        reason = getattr(error, "reason", None)
        line = reasons.line(reason if isinstance(reason, Exception) else error)
        raise StoreUnreachable(
            f"{name} did not answer when its clock was asked, by which ages are told; check the "
            f"host, the network and any proxy. The attempt ended with: {line}"
        ) from None
    if not date:
        raise StoreError(f"The clock of {name} can't be asked: its answer has no Date.")
    return parsedate_to_datetime(date)

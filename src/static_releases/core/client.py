"""The client of a store, opened: how patient it is, and how Ctrl-C is felt while it waits."""

import difflib
import os
import re
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from queue import SimpleQueue
from typing import Any, Literal, TypeVar

from obstore import exceptions
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, S3Store

from static_releases.core import reasons
from static_releases.core.address import Address
from static_releases.core.errors import InvalidSetting, StoreMissing

Answer = TypeVar("Answer")

# How long a failing request is tried: one that carries an asset over a slow line, a small one,
# and one before a page that somebody waits for, while a web worker does nothing else.
Patience = Literal["long", "usual", "short"]
# The library's default is ten retries within three minutes: a build with a mistyped host would
# say so after minutes. Eight take about fifteen seconds, where no attempt hangs.
_BACKOFF: Mapping[str, Any] = {
    "init_backoff": timedelta(milliseconds=100),
    "max_backoff": timedelta(seconds=5),
    "base": 2,
}
_RETRIES: Mapping[Patience, Mapping[str, Any]] = {
    "long": {"max_retries": 8, "retry_timeout": timedelta(minutes=3)},
    "usual": {"max_retries": 8, "retry_timeout": timedelta(minutes=1)},
    "short": {"max_retries": 1, "retry_timeout": timedelta(seconds=8)},
}
_TIMEOUTS: Mapping[Patience, Mapping[str, timedelta]] = {
    "long": {"timeout": timedelta(minutes=5)},
    "usual": {"timeout": timedelta(seconds=30)},
    "short": {"timeout": timedelta(seconds=8), "connect_timeout": timedelta(seconds=3)},
}

# The first words of the variables that the library reads.
_CLOUDS = ("AWS_", "AZURE_", "GOOGLE_")

# What is commonly set; the client takes more.
_OPTIONS = (
    "access_key_id account_key account_name application_credentials base_url client_id "
    "client_options client_secret endpoint federated_token_file region request_payer "
    "retry_config sas_key secret_access_key server_side_encryption service_account "
    "service_account_key session_token skip_signature sse_kms_key_id tenant_id use_emulator "
    "virtual_hosted_style_request"
).split()

_memories: dict[str, MemoryStore] = {}
_memories_lock = threading.Lock()


def opened(address: Address, options: Mapping[str, Any], patience: Patience) -> Any:
    """Return a client, or raise `InvalidSetting` or `StoreMissing`; nobody is asked."""
    if address.kind == "memory":
        # One store a name in the whole process, so that what is published can be listed.
        with _memories_lock:
            return _memories.setdefault(address.container, MemoryStore())
    if address.kind == "file":
        return _folder(address)
    if address.kind == "azure" and address.public_url(options, os.environ) is None:
        raise InvalidSetting(
            f"The account of {address} isn't known: set AZURE_STORAGE_ACCOUNT_NAME, or "
            "`account_name` in `store_options`."
        )
    _forget_empty_variables()
    try:
        store_class = {"azure": AzureStore, "s3": S3Store, "gcs": GCSStore}[address.kind]
        return store_class(
            address.container,
            prefix=address.prefix or None,
            **_with_defaults(address, options, patience),
        )
    except (exceptions.BaseError, ValueError, TypeError) as error:
        raise InvalidSetting(
            f"{address} can't be opened with its `store_options` and the environment: "
            f"{reasons.line(error)}{_nearest(error)}"
        ) from None


def _forget_empty_variables() -> None:
    """Take the clouds' variables that are empty out of the environment: they set nothing.

    An image has them, by `ENV AWS_REGION=$AWS_REGION` where the argument isn't given. The library
    takes an empty region for the region, and panics at an empty endpoint.
    """
    clouds = [(name, value) for name, value in os.environ.items() if name.startswith(_CLOUDS)]
    for name, value in clouds:
        if not value:
            del os.environ[name]


def _nearest(error: Exception) -> str:
    """Return the option that was meant, if the error says that there is none of a name."""
    unknown = re.search(r"Configuration key: '([^']+)' is not valid", str(error))
    close = difflib.get_close_matches(unknown[1].lower(), _OPTIONS, n=1) if unknown else []
    return f" Did you mean {close[0]!r}?" if close else ""


def check_options(address: Address, options: Mapping[str, Any]) -> None:
    """Raise `InvalidSetting` for options of a directory, which has none."""
    if options and address.kind == "file":
        raise InvalidSetting(
            f"`store_options` has {', '.join(sorted(options))}, but {address} takes no options."
        )


def _folder(address: Address) -> LocalStore:
    try:
        return LocalStore(address.container, automatic_cleanup=True, mkdir=True)
    except (exceptions.BaseError, OSError) as error:
        raise StoreMissing(f"{address} can't be opened: {reasons.line(error)}") from None


def _with_defaults(
    address: Address, options: Mapping[str, Any], patience: Patience
) -> dict[str, Any]:
    client = {**_TIMEOUTS[patience], **(options.get("client_options") or {})}
    endpoint = address.endpoint(options, os.environ)
    if endpoint and endpoint.startswith("http://"):
        client.setdefault("allow_http", True)
    if address.kind == "gcs":
        # Without it Google sends an object that is stored as gzip decoded ("decompressive
        # transcoding"), and the bytes read back are not those that were written.
        client.setdefault("default_headers", {"Accept-Encoding": "gzip"})
    if address.kind == "s3":
        # How a copy is made create-only; without it the client refuses to try.
        options = {"copy_if_not_exists": "header: If-None-Match: *", **options}
    retries = {**_RETRIES[patience], "backoff": _BACKOFF}
    return {"retry_config": retries, **options, "client_options": client}


def ask(address: Address, call: Callable[[], Answer]) -> Answer:
    """Return what the call returns. On the main thread, Ctrl-C ends the waiting at once.

    The library waits without Python, where a signal isn't felt before the answer is there.
    """
    is_local = address.kind in {"file", "memory"}
    if is_local or threading.current_thread() is not threading.main_thread():
        return call()
    done: SimpleQueue[tuple[Answer | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            done.put((call(), None))
        except BaseException as error:  # noqa: BLE001  (raised again where it is waited for)
            done.put((None, error))

    threading.Thread(target=work, name="static-releases", daemon=True).start()
    answer, error = done.get()
    if error is not None:
        raise error
    return answer  # type: ignore[return-value]  # None only where the call returned it

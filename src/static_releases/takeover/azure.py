"""AzureStorage, and a project's classes derived from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from static_releases.core.address import Address
from static_releases.core.errors import InvalidSetting
from static_releases.core.target import Target
from static_releases.takeover import options
from static_releases.takeover.taken import Family, NotSet, Taken, public_url

# Azure's documented scope for its storage, and the account that its emulator is born with:
# https://learn.microsoft.com/azure/storage/common/storage-use-emulator
_SCOPE = "https://storage.azure.com/.default"
_EMULATOR = "http://127.0.0.1:10000/devstoreaccount1"
_EMULATOR_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
# Arguments of the SDK's client that decide how it sends, not what or where to.
_IGNORED = frozenset(
    "api_version connection_timeout logging_enable max_block_size max_chunk_get_size "
    "max_page_size max_single_get_size max_single_put_size min_large_block_upload_threshold "
    "read_timeout retry_connect retry_mode retry_read retry_status retry_to_secondary retry_total "
    "use_byte_buffer user_agent".split()
)

Provider = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Where an account answers, and a credential for it if there is one."""

    name: str
    url: str
    key: str = field(default="", repr=False)
    sas: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Key:
    """The account's key as a callable of the client's; `policy` signs with it too."""

    access_key: str = field(repr=False)

    def __call__(self) -> Mapping[str, Any]:
        return {"access_key": self.access_key, "expires_at": None}


def target(taken: Taken) -> Target:
    """Return the store that the storage writes to."""
    try:
        account = _account(taken)
    except NotSet as error:
        if taken.needs_url:
            raise
        return _without_account(taken, error)
    container = taken.require("azure_container")
    prefix = taken.prefix()
    provider = _provider(taken, account)
    return Target(
        address=Address(kind="azure", container=container, prefix=prefix),
        options={
            "account_name": account.name,
            "endpoint": account.url,
            "client_options": _client_options(taken),
        },
        credentials=lambda: {"credential_provider": provider} if provider else {},
        own_url=_own_url(taken, account.url, container, prefix),
        cache_control=taken.cache_control(),
    )


def _without_account(taken: Taken, missing: NotSet) -> Target:
    """Return the store as an image knows it whose build alone has the connection string.

    A record can be compared with it; opening it raises what is missing.
    """

    def credentials() -> Mapping[str, Any]:
        raise missing

    container = taken.require("azure_container")
    return Target(
        address=Address(kind="azure", container=container, prefix=taken.prefix()),
        credentials=credentials,
        cache_control=taken.cache_control(),
    )


def parse_connection_string(text: str) -> Account:
    """Take a connection string apart, as Azure's SDK does.

    Raises `InvalidSetting`, which shows nothing of it.
    """
    pairs = [part.partition("=") for part in text.strip().strip(";").split(";")]
    if any(not name.strip() or not equals for name, equals, _ in pairs):
        raise InvalidSetting("it is no list of Name=Value; parts.")
    values = {name.strip().upper(): value.strip() for name, _, value in pairs}
    if values.get("USEDEVELOPMENTSTORAGE", "").lower() == "true":
        return Account(name="devstoreaccount1", url=_EMULATOR, key=_EMULATOR_KEY)
    name = values.get("ACCOUNTNAME", "")
    url = values.get("BLOBENDPOINT", "").rstrip("/") or _default_url(values, name)
    return Account(
        name=name or _account_name(url),
        url=url,
        key=values.get("ACCOUNTKEY", "") if name else "",
        sas=values.get("SHAREDACCESSSIGNATURE", ""),
    )


def _default_url(values: Mapping[str, str], name: str) -> str:
    if not name:
        raise InvalidSetting("it has neither AccountName nor BlobEndpoint.")
    suffix = values.get("ENDPOINTSUFFIX")
    # The SDK takes the protocol only together with the suffix.
    protocol = values.get("DEFAULTENDPOINTSPROTOCOL") if suffix else None
    return f"{protocol or 'https'}://{name}.blob.{suffix or 'core.windows.net'}"


def _account_name(url: str) -> str:
    """Return the account that an endpoint is of: the emulator's is in the path."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host:
        raise InvalidSetting("its BlobEndpoint is no URL.")
    try:
        ip_address(host)
    except ValueError:
        return host.partition(".")[0]
    return parts.path.strip("/").partition("/")[0]


def _account(taken: Taken) -> Account:
    text = taken["connection_string"]
    if text:
        try:
            return parse_connection_string(str(text))
        except InvalidSetting as error:
            raise taken.refusal("connection_string", str(error)) from None
    name = taken.require("account_name", or_else="connection_string")
    protocol, suffix = taken.storage.azure_protocol, taken["endpoint_suffix"]
    key = taken.text("account_key")
    sas = "" if key else taken.text("sas_token")
    return Account(name=name, url=f"{protocol}://{name}.blob.{suffix}", key=key, sas=sas)


def _provider(taken: Taken, account: Account) -> Provider | None:
    """Return the credential as a callable of the client's.

    A plain option would leave room for another credential from AZURE_* in the environment, of
    which the client prefers some.
    """
    if account.key:
        return _Key(access_key=account.key)
    if account.sas:
        return lambda: {"sas_token": account.sas.lstrip("?"), "expires_at": None}
    credential = None if taken["connection_string"] else taken["token_credential"]
    if credential is None:
        return None
    if hasattr(credential, "get_token"):
        return lambda: _token(credential)
    if hasattr(credential, "named_key"):
        return _Key(access_key=credential.named_key.key)
    if hasattr(credential, "signature"):
        return lambda: {"sas_token": credential.signature.lstrip("?"), "expires_at": None}
    raise taken.refusal("token_credential", "it has no get_token(), as azure.identity's have.")


def _token(credential: Any) -> Mapping[str, Any]:
    token = credential.get_token(_SCOPE)
    return {"token": token.token, "expires_at": datetime.fromtimestamp(token.expires_on, UTC)}


def _client_options(taken: Taken) -> dict[str, Any]:
    given = {} if taken["connection_string"] else dict(taken["client_options"] or {})
    verify = given.pop("connection_verify", None)
    unknown = sorted(given.keys() - _IGNORED)
    if unknown:
        raise taken.refusal("client_options", f"{unknown[0]} has no counterpart here.")
    return taken.verification("client_options", verify)


def _own_url(taken: Taken, account_url: str, container: str, prefix: str) -> str:
    if not taken.needs_url:
        return ""
    taken.refuse_signed("expiration_secs")
    parts = urlsplit(account_url)
    if domain := taken.custom_domain():
        parts = parts._replace(netloc=domain)
    return public_url(f"{parts.geturl().rstrip('/')}/{container}", prefix)


FAMILY = Family(
    base="storages.backends.azure_storage.AzureStorage",
    options=options.AZURE,
    methods=(
        "_get_content_settings_parameters",
        "_get_service_client",
        "_save",
        "client",
        "get_object_parameters",
        "service_client",
    ),
    name_method="_get_valid_path",
    cache_parameter="cache_control",
    target=target,
)

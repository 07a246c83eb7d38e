"""Every option of django-storages' three families, and what becomes of it.

The page ``docs/reference/django-storages.md`` is compared with these tables by a test, and the
tables with the options of the django-storages that is installed.
"""

from dataclasses import dataclass
from typing import Literal

Fate = Literal["taken", "ignored", "refused"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """An option, the settings that it is read from, and its fate.

    A refused one may have a ``harmless`` value, which asks for nothing.
    """

    name: str
    settings: tuple[str, ...]
    fate: Fate
    why: str
    harmless: tuple[object, ...] = (None, False, "")


def _taken(name: str, settings: str, why: str) -> Option:
    return Option(name=name, settings=tuple(settings.split()), fate="taken", why=why)


def _ignored(name: str, settings: str, why: str) -> Option:
    return Option(name=name, settings=tuple(settings.split()), fate="ignored", why=why)


def _refused(name: str, settings: str, why: str, *harmless: object) -> Option:
    return Option(
        name=name,
        settings=tuple(settings.split()),
        fate="refused",
        why=why,
        harmless=(None, False, "", *harmless),
    )


_NEVER_OVERWRITES = "A release is never overwritten."
_BUFFERS = "It sizes buffers of files that are read or written through the storage."
_ACL = (
    "objects get no ACL of their own. Let the bucket's policy or IAM make them readable, and "
    "set it to None in OPTIONS."
)
_GZIP = "assets are stored as they were collected. Set it to False in OPTIONS; a CDN compresses."

AZURE = (
    _taken("account_name", "AZURE_ACCOUNT_NAME", "The account, and its host."),
    _taken("account_key", "AZURE_ACCOUNT_KEY", "The credential, before all others."),
    _taken("sas_token", "AZURE_SAS_TOKEN", "The credential, without an account key."),
    _taken("token_credential", "AZURE_TOKEN_CREDENTIAL", "The credential, without key and SAS."),
    _taken(
        "connection_string",
        "AZURE_CONNECTION_STRING",
        "Account, endpoint and credential; where it is set, the class asks nothing else for them.",
    ),
    _taken("azure_container", "AZURE_CONTAINER", "The container."),
    _taken("azure_ssl", "AZURE_SSL", "https or http."),
    _taken("endpoint_suffix", "AZURE_ENDPOINT_SUFFIX", "The host, after the account's name."),
    _taken("custom_domain", "AZURE_CUSTOM_DOMAIN", "The host of the public URL."),
    _taken("location", "AZURE_LOCATION", "The prefix."),
    _taken("cache_control", "AZURE_CACHE_CONTROL", "The assets' Cache-Control."),
    _taken(
        "object_parameters",
        "AZURE_OBJECT_PARAMETERS",
        "`cache_control` of it; any other parameter is refused.",
    ),
    _taken(
        "client_options",
        "AZURE_CLIENT_OPTIONS",
        "`connection_verify` of it. Retries, timeouts, logging, block sizes and `api_version` "
        "are the client's own here; any other is refused.",
    ),
    _taken(
        "expiration_secs",
        "AZURE_URL_EXPIRATION_SECS",
        "Refused where it is set and the public URL depends on it: a release's URLs aren't "
        "signed. Ignored with `base_url`.",
    ),
    _refused(
        "default_content_type",
        "",
        "content types come from a table of our own.",
        "application/octet-stream",
    ),
    _ignored("overwrite_files", "AZURE_OVERWRITE_FILES", _NEVER_OVERWRITES),
    _ignored("upload_max_conn", "AZURE_UPLOAD_MAX_CONN", "The option `in_flight` says how many."),
    _ignored("timeout", "AZURE_CONNECTION_TIMEOUT_SECS", "The client has its own timeouts."),
    _ignored("max_memory_size", "AZURE_BLOB_MAX_MEMORY_SIZE", _BUFFERS),
    _ignored("api_version", "AZURE_API_VERSION", "The client speaks a version of its own."),
)

S3 = (
    _taken("access_key", "AWS_S3_ACCESS_KEY_ID AWS_ACCESS_KEY_ID", "The credential."),
    _taken("secret_key", "AWS_S3_SECRET_ACCESS_KEY AWS_SECRET_ACCESS_KEY", "The credential."),
    _taken("security_token", "AWS_SESSION_TOKEN AWS_SECURITY_TOKEN", "The credential."),
    _taken(
        "session_profile",
        "AWS_S3_SESSION_PROFILE",
        "The credential and region, by boto3. Without it and without keys, boto3's own search.",
    ),
    _taken("bucket_name", "AWS_STORAGE_BUCKET_NAME", "The bucket."),
    _taken("region_name", "AWS_S3_REGION_NAME", "The region."),
    _taken("endpoint_url", "AWS_S3_ENDPOINT_URL", "The endpoint, with its own scheme."),
    _taken("use_ssl", "AWS_S3_USE_SSL", "https or http, without an endpoint."),
    _taken("verify", "AWS_S3_VERIFY", "How certificates are checked: False, or a file of CAs."),
    _taken(
        "addressing_style",
        "AWS_S3_ADDRESSING_STYLE",
        "Whether the bucket is in the host or in the path.",
    ),
    _taken(
        "signature_version",
        "AWS_S3_SIGNATURE_VERSION",
        "`s3v4`, or unsigned requests. Version 2 and others are refused.",
    ),
    _taken(
        "client_config",
        "AWS_S3_CLIENT_CONFIG",
        "Region, addressing style and signature version of it. Retries, timeouts, pool sizes, "
        "checksums and the like are the client's own here; any other is refused.",
    ),
    _taken("location", "AWS_LOCATION", "The prefix."),
    _taken("custom_domain", "AWS_S3_CUSTOM_DOMAIN", "The host of the public URL."),
    _taken("url_protocol", "AWS_S3_URL_PROTOCOL", "The scheme of the custom domain."),
    _taken(
        "object_parameters",
        "AWS_S3_OBJECT_PARAMETERS",
        "`CacheControl` of it; any other parameter is refused.",
    ),
    _taken(
        "querystring_auth",
        "AWS_QUERYSTRING_AUTH",
        "Refused where it is set to True, not merely left so, and the public URL depends on it: "
        "a release's URLs aren't signed. Ignored with `base_url`, or with a custom domain, "
        "which the class doesn't sign for.",
    ),
    _taken(
        "cloudfront_key_id",
        "AWS_CLOUDFRONT_KEY_ID",
        "Refused where it would sign the custom domain's URLs. Ignored with `base_url`.",
    ),
    _ignored("cloudfront_key", "AWS_CLOUDFRONT_KEY", "See `cloudfront_key_id`."),
    _taken("cloudfront_signer", "", "As `cloudfront_key_id`."),
    _refused("default_acl", "AWS_DEFAULT_ACL", _ACL),
    _refused("gzip", "AWS_IS_GZIPPED", _GZIP),
    _refused(
        "proxies",
        "AWS_S3_PROXIES",
        "set HTTPS_PROXY, or `store_options` with client_options.proxy_url.",
        {},
    ),
    _refused(
        "default_content_type",
        "",
        "content types come from a table of our own.",
        "application/octet-stream",
    ),
    _ignored("config", "", "Deprecated; the class hands it on as `client_config`."),
    _ignored("file_overwrite", "AWS_S3_FILE_OVERWRITE", _NEVER_OVERWRITES),
    _ignored("querystring_expire", "AWS_QUERYSTRING_EXPIRE", "URLs aren't signed."),
    _ignored("file_name_charset", "AWS_S3_FILE_NAME_CHARSET", "The class doesn't use it."),
    _ignored("gzip_content_types", "GZIP_CONTENT_TYPES", "It says nothing without `gzip`."),
    _ignored("max_memory_size", "AWS_S3_MAX_MEMORY_SIZE", _BUFFERS),
    _ignored("use_threads", "AWS_S3_USE_THREADS", "The option `in_flight` says how many."),
    _ignored("transfer_config", "AWS_S3_TRANSFER_CONFIG", "An asset is sent in one request."),
)

GOOGLE = (
    _taken(
        "credentials",
        "GS_CREDENTIALS",
        "The credential. Without it Google's application default credentials.",
    ),
    _taken("bucket_name", "GS_BUCKET_NAME", "The bucket."),
    _taken("location", "GS_LOCATION", "The prefix."),
    _taken("custom_endpoint", "GS_CUSTOM_ENDPOINT", "The public URL, with the bucket in it."),
    _taken(
        "object_parameters",
        "GS_OBJECT_PARAMETERS",
        "`cache_control` of it; any other parameter is refused.",
    ),
    _taken(
        "querystring_auth",
        "GS_QUERYSTRING_AUTH",
        "Refused where it is set to True, not merely left so, and the public URL depends on it: "
        "a release's URLs aren't signed. Ignored with `base_url`.",
    ),
    _refused("default_acl", "GS_DEFAULT_ACL", _ACL),
    _refused("gzip", "GS_IS_GZIPPED", _GZIP),
    _ignored("project_id", "GS_PROJECT_ID", "A bucket's name is unique without it."),
    _ignored("expiration", "GS_EXPIRATION", "URLs aren't signed."),
    _ignored("iam_sign_blob", "GS_IAM_SIGN_BLOB", "URLs aren't signed."),
    _ignored("sa_email", "GS_SA_EMAIL", "URLs aren't signed."),
    _ignored("file_overwrite", "GS_FILE_OVERWRITE", _NEVER_OVERWRITES),
    _ignored("gzip_content_types", "GZIP_CONTENT_TYPES", "It says nothing without `gzip`."),
    _ignored("max_memory_size", "GS_MAX_MEMORY_SIZE", _BUFFERS),
    _ignored("blob_chunk_size", "GS_BLOB_CHUNK_SIZE", "An asset is sent in one request."),
)

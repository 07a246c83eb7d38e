"""Store URLs taken apart, and the public URLs told from them without a request."""

import os
import re
from urllib.parse import unquote

import pytest

from static_releases.core import address
from static_releases.core.errors import InvalidSetting, StoreUnreachable
from static_releases.core.store import Store


@pytest.mark.parametrize(
    ("url", "options", "environ", "public"),
    [
        ("az://static", {"account_name": "acme"}, {}, "https://acme.blob.core.windows.net/static/"),
        (
            "az://static/site/one",
            {},
            {"AZURE_STORAGE_ACCOUNT_NAME": "acme"},
            "https://acme.blob.core.windows.net/static/site/one/",
        ),
        ("az://static", {}, {}, None),
        (
            "az://static/p",
            {"endpoint": "http://127.0.0.1:10000/devstoreaccount1/"},
            {},
            "http://127.0.0.1:10000/devstoreaccount1/static/p/",
        ),
        ("s3://b/p", {"region": "eu-west-1"}, {}, "https://b.s3.eu-west-1.amazonaws.com/p/"),
        ("s3://b", {}, {"AWS_DEFAULT_REGION": "cn-north-1"},
         "https://b.s3.cn-north-1.amazonaws.com.cn/"),
        ("s3://a.b", {"region": "eu-west-1"}, {}, "https://s3.eu-west-1.amazonaws.com/a.b/"),
        ("s3://b", {}, {}, None),
        ("s3://b/p", {}, {"AWS_ENDPOINT_URL": "https://s3.example.org"},
         "https://s3.example.org/b/p/"),
        (
            "s3://b",
            {"endpoint": "https://b.example.org", "virtual_hosted_style_request": True},
            {},
            "https://b.example.org/",
        ),
        ("s3://b", {"config": {"region": "eu-west-1"}}, {}, "https://b.s3.eu-west-1.amazonaws.com/"),
        ("gs://b/a b", {}, {}, "https://storage.googleapis.com/b/a%20b/"),
        ("file:///srv/releases", {}, {}, None),
        ("memory:", {}, {}, None),
    ],
)  # fmt: skip
def test_the_public_url_is_told_without_a_request(
    url: str, options: dict[str, object], environ: dict[str, str], public: str | None
) -> None:
    assert address.parse(url).public_url(options, environ) == public


REFUSED = "http://127.0.0.1:1"  # nobody listens there
KEYS = {"region": "eu-west-1", "access_key_id": "a", "secret_access_key": "b"}
UNSIGNED = {"account_name": "acme", "skip_signature": True}


@pytest.mark.parametrize(
    ("url", "options", "environ"),
    [
        *(
            ("s3://b/p", {**KEYS, name: REFUSED}, {})
            for name in ("endpoint", "endpoint_url", "aws_endpoint", "aws_endpoint_url",
                         "AWS_ENDPOINT_URL", "aws_endpoint_url_s3", "Endpoint")
        ),
        ("s3://b/p", {"config": {**KEYS, "endpoint_url": REFUSED}}, {}),
        ("s3://b/p", KEYS, {"AWS_ENDPOINT": REFUSED}),
        ("s3://b/p", KEYS, {"AWS_ENDPOINT_URL": REFUSED}),
        ("s3://b/p", {**KEYS, "endpoint": "http://x"}, {"AWS_ENDPOINT_URL_S3": REFUSED}),
        *(
            ("s3://b/p", {**KEYS, "endpoint": REFUSED, name: value}, {})
            for name in ("virtual_hosted_style_request", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST")
            for value in (True, "yes", "1", False, "off")
        ),
        ("s3://b", {**KEYS, "endpoint": REFUSED}, {"AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true"}),
        *(
            ("az://c/p", {**UNSIGNED, name: f"{REFUSED}/acme"}, {})
            for name in ("endpoint", "azure_endpoint", "AZURE_STORAGE_ENDPOINT")
        ),
        ("az://c/p", {"skip_signature": True, "endpoint": f"{REFUSED}/a"},
         {"AZURE_STORAGE_ACCOUNT_NAME": "a"}),
        ("az://c/p", {"use_emulator": True}, {"AZURITE_BLOB_STORAGE_URL": REFUSED}),
        ("az://c/p", {**UNSIGNED, "azure_storage_use_emulator": "true"},
         {"AZURITE_BLOB_STORAGE_URL": REFUSED}),
        ("az://c/p", UNSIGNED,
         {"AZURE_STORAGE_USE_EMULATOR": "1", "AZURITE_BLOB_STORAGE_URL": REFUSED}),
        *(
            ("gs://b/p", {"skip_signature": True, name: REFUSED}, {})
            for name in ("base_url", "google_base_url", "GOOGLE_BASE_URL")
        ),
        ("gs://b/p", {"skip_signature": True}, {"GOOGLE_BASE_URL": REFUSED}),
    ],
)  # fmt: skip
def test_under_every_spelling_the_public_url_is_where_the_client_asks(
    url: str,
    options: dict[str, object],
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    public = address.parse(url).public_url(options, os.environ)
    retries = {"max_retries": 0}
    store = Store(address.parse(url), {**options, "retry_config": retries})
    with pytest.raises(StoreUnreachable) as caught:
        store.read("a.css")
    [asked] = re.findall(r"GET (\S+)", str(caught.value))
    assert unquote(asked) == f"{public}a.css"


@pytest.mark.parametrize("endpoint", ["SECRET", "SECRET not a url", "http://", "ftp://SECRET"])
def test_an_endpoint_that_is_no_url_is_refused_and_not_shown(endpoint: str) -> None:
    with pytest.raises(InvalidSetting, match="endpoint") as caught:
        Store(address.parse("s3://b"), {**KEYS, "endpoint": endpoint})
    assert "SECRET" not in str(caught.value)


def test_the_nearest_option_is_named() -> None:
    with pytest.raises(InvalidSetting, match="Did you mean 'region'"):
        Store(address.parse("s3://b"), {"regoin": "eu-west-1"})


def test_a_password_in_an_endpoint_is_shown_to_nobody() -> None:
    options = {
        **KEYS,
        "endpoint": "http://user:SECRET@127.0.0.1:1",
        "retry_config": {"max_retries": 0},
    }
    assert address.parse("s3://b").public_url(options, {}) == "http://127.0.0.1:1/b/"
    with pytest.raises(StoreUnreachable) as caught:
        Store(address.parse("s3://b"), options).read("a.css")
    assert "SECRET" not in str(caught.value)


def test_an_option_goes_before_the_environment() -> None:
    options = {"account_name": "ours"}
    environ = {"AZURE_STORAGE_ACCOUNT_NAME": "theirs"}
    url = address.parse("az://c").public_url(options, environ)
    assert url == "https://ours.blob.core.windows.net/c/"


@pytest.mark.parametrize(
    "url", ["az://c/p", "s3://bucket", "gs://bucket/p/q", "file:///srv/a%20b", "memory:x"]
)
def test_an_address_is_shown_as_it_was_given(url: str) -> None:
    assert str(address.parse(url)) == url


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ftp://x", "no known scheme"),
        ("azz://x", "Did you mean az://"),
        ("bucket/prefix", "no known scheme"),
        ("https://cdn.example.com/static", "base_url"),
        ("az://", "names no container"),
        ("s3:///prefix", "names no bucket"),
        ("gs:bucket", "names no bucket"),
        ("s3://b/a//b", "empty or dot segment"),
        ("s3://b/../c", "empty or dot segment"),
        ("az://c/site/_releases/v1", "leads into _releases/"),
        ("s3://b/_shared", "leads into _shared/"),
        ("file://srv/releases", "three slashes"),
        ("file:///", "names no folder"),
    ],
)
def test_a_wrong_store_url_shows_what_is_expected(url: str, fault: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        address.parse(url)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    "url", ["az://c?sig=SECRET", "s3://key:SECRET@bucket/p", "http://u:SECRET@h/x?sig=SECRET"]
)
def test_a_credential_in_a_store_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        address.parse(url)
    assert "SECRET" not in str(caught.value)

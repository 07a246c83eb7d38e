"""Store URLs taken apart, and the public URLs told from them without a request."""

import pytest

from static_releases.core import address
from static_releases.core.errors import InvalidSetting


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

"""What a class of django-storages is set to, is what is taken over; the rest is an error."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.files.storage import storages
from django.test import override_settings
from django.utils.module_loading import import_string
from google.auth.credentials import AnonymousCredentials

from static_releases import takeover
from static_releases.core import headers
from static_releases.core.errors import InvalidSetting
from static_releases.core.target import Later, Target
from static_releases.takeover import options
from static_releases.takeover.azure import parse_connection_string

AZURE = "storages.backends.azure_storage.AzureStorage"
S3 = "storages.backends.s3.S3Storage"
S3_STATIC = "storages.backends.s3.S3StaticStorage"
GOOGLE = "storages.backends.gcloud.GoogleCloudStorage"
CLASSES = "tests.takeover.classes"
SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="


def entry(backend: str, **given: Any) -> dict[str, Any]:
    return {"BACKEND": backend, "OPTIONS": given}


def taken(store: Any, **keywords: Any) -> Target:
    found = takeover.recognize(store, **keywords)
    assert isinstance(found, Later)
    return found()


def refusal(store: Any, **keywords: Any) -> str:
    with pytest.raises(InvalidSetting) as caught:
        taken(store, **keywords)
    return str(caught.value)


# -- the three sources, and which of them wins ---------------------------------------------------

SOURCES = [
    (AZURE, "Azure", "AZURE_LOCATION", {"account_name": "acme", "azure_container": "c"}),
    (S3_STATIC, "S3", "AWS_LOCATION", {"bucket_name": "b"}),
    (GOOGLE, "Google", "GS_LOCATION", {"bucket_name": "b"}),
]


@pytest.mark.parametrize(("stock", "own", "setting", "needed"), SOURCES)
def test_options_win_over_the_class_and_the_class_over_settings(
    stock: str, own: str, setting: str, needed: dict[str, str]
) -> None:
    with override_settings(**{setting: "of-settings"}):
        assert taken(entry(stock, **needed)).address.prefix == "of-settings"
        assert taken(f"{CLASSES}.{own}").address.prefix == "class-location"
        assert taken(entry(f"{CLASSES}.{own}", location="x")).address.prefix == "x"
    assert taken(entry(stock, **needed)).address.prefix == ""


@pytest.mark.parametrize(
    ("own", "cache_control"),
    [("Azure", "max-age=1"), ("S3", "max-age=2"), ("Google", "max-age=3")],
)
def test_cache_control_is_what_the_class_gives_every_object(own: str, cache_control: str) -> None:
    assert taken(f"{CLASSES}.{own}").cache_control == cache_control


def test_without_one_a_release_keeps_its_own_cache_control() -> None:
    target = taken(entry(AZURE, account_name="acme", azure_container="c"))
    assert target.cache_control == headers.IMMUTABLE


def test_object_parameters_win_over_cache_control_as_in_the_class() -> None:
    given = {"account_name": "acme", "azure_container": "c", "cache_control": "max-age=1"}
    parameters = {"cache_control": "max-age=9"}
    target = taken(entry(AZURE, **given, object_parameters=parameters))
    assert target.cache_control == "max-age=9"


def test_every_source_is_read_from_settings() -> None:
    with override_settings(
        AZURE_ACCOUNT_NAME="acme",
        AZURE_ACCOUNT_KEY=SECRET,
        AZURE_CONTAINER="static",
        AZURE_CUSTOM_DOMAIN="cdn.example.com",
        AZURE_SSL=False,
        AZURE_ENDPOINT_SUFFIX="core.chinacloudapi.cn",
        AZURE_CACHE_CONTROL="max-age=7",
    ):
        target = taken(AZURE)
    assert str(target.address) == "az://static"
    assert target.options["account_name"] == "acme"
    assert target.options["endpoint"] == "http://acme.blob.core.chinacloudapi.cn"
    assert target.url() == "http://cdn.example.com/static/"
    assert target.credentials()["credential_provider"]()["access_key"] == SECRET
    assert target.cache_control == "max-age=7"


def test_an_alias_of_storages_is_that_entry() -> None:
    others = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "assets": entry(f"{CLASSES}.Google", location="of-the-alias"),
        "staticfiles": {"BACKEND": "static_releases.storage.ReleaseStaticFilesStorage"},
    }
    with override_settings(STORAGES=others):
        assert str(taken("assets").address) == "gs://class-bucket/of-the-alias"
        assert "Did you mean 'assets'?" in refusal("asets")
        assert "InMemoryStorage is none of the classes" in refusal("default")
        assert "no other alias" in refusal("staticfiles")


# -- the public URL is the one that the class itself writes --------------------------------------

AZURE_NEEDS = {"account_name": "acme", "azure_container": "static"}
CONNECTION = f"AccountName=acme;AccountKey={SECRET};EndpointSuffix=core.windows.net"
REGIONS = (None, "us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1")
STYLES = (None, "auto", "virtual", "path")


@pytest.mark.parametrize(
    ("backend", "given"),
    [
        (AZURE, {**AZURE_NEEDS}),
        (AZURE, {**AZURE_NEEDS, "location": "a b/ü"}),
        (AZURE, {**AZURE_NEEDS, "location": "/a/"}),
        (AZURE, {**AZURE_NEEDS, "custom_domain": "cdn.example.com", "location": "x"}),
        (AZURE, {**AZURE_NEEDS, "azure_ssl": False}),
        (AZURE, {**AZURE_NEEDS, "endpoint_suffix": "core.usgovcloudapi.net"}),
        (AZURE, {"connection_string": CONNECTION, "azure_container": "static"}),
        (
            AZURE,
            {
                "connection_string": f"{CONNECTION};BlobEndpoint=http://127.0.0.1:1/acme",
                "azure_container": "static",
                "custom_domain": "localhost:2",
            },
        ),
        (AZURE, {"connection_string": "UseDevelopmentStorage=true", "azure_container": "c"}),
        *(
            (S3_STATIC, {"bucket_name": "bucket", "region_name": r, "addressing_style": s})
            for r in REGIONS
            for s in STYLES
        ),
        (S3_STATIC, {"bucket_name": "a.b", "region_name": "eu-west-1"}),
        (S3_STATIC, {"bucket_name": "Under_Score", "region_name": "eu-west-1"}),
        (S3_STATIC, {"bucket_name": "bucket", "use_ssl": False, "region_name": "eu-west-1"}),
        (S3_STATIC, {"bucket_name": "bucket", "endpoint_url": "http://127.0.0.1:9000"}),
        (S3_STATIC, {"bucket_name": "bucket", "endpoint_url": "https://minio.example.com/"}),
        (
            S3_STATIC,
            {
                "bucket_name": "bucket",
                "endpoint_url": "https://minio.example.com/",
                "addressing_style": "virtual",
            },
        ),
        (
            S3_STATIC,
            {
                "bucket_name": "bucket",
                "endpoint_url": "http://127.0.0.1:9000",
                "addressing_style": "virtual",
            },
        ),
        (S3, {"bucket_name": "b", "custom_domain": "cdn.example.com/d", "location": "a b"}),
        (S3, {"bucket_name": "b", "custom_domain": "x.example", "url_protocol": "http:"}),
        (GOOGLE, {"bucket_name": "b", "querystring_auth": False}),
        (GOOGLE, {"bucket_name": "b", "querystring_auth": False, "location": "a b/ü"}),
        (
            GOOGLE,
            {
                "bucket_name": "b",
                "querystring_auth": False,
                "custom_endpoint": "https://cdn.example.com",
                "location": "x",
            },
        ),
    ],
)
def test_the_public_url_is_the_class_s_own(backend: str, given: dict[str, Any]) -> None:
    if backend == GOOGLE:
        given = {**given, "credentials": AnonymousCredentials()}  # type: ignore[no-untyped-call]
    storage = import_string(backend)(**given)
    assert f"{taken(entry(backend, **given)).url()}x.css" == storage.url("x.css")


def test_an_emulator_s_host_is_taken_as_google_s_sdk_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:4443")
    target = taken(f"{CLASSES}.Google")
    assert target.options["base_url"] == "http://127.0.0.1:4443"
    assert target.url() == import_string(f"{CLASSES}.Google")().url("x").removesuffix("x")
    assert target.credentials() == {"skip_signature": True}


# -- where a hand-made class puts the version ----------------------------------------------------


@pytest.mark.parametrize("version", ["v1.2.3", ""])
@pytest.mark.parametrize(
    ("own", "prefix"),
    [
        ("VersionFirst", ""),
        ("VersionAsLocation", "assets"),
    ],
)
def test_the_version_before_a_name_is_the_release_s_folder(
    own: str, prefix: str, version: str
) -> None:
    with override_settings(RELEASE_VERSION=version):
        target = taken(f"{CLASSES}.{own}", versions=(version,))
    assert target.address.prefix == prefix


def test_what_stands_before_the_version_is_the_prefix() -> None:
    with override_settings(RELEASE_VERSION="v1"):
        target = taken(f"{CLASSES}.FolderAndVersion", versions=("v1",))
    assert target.address.prefix == "assets"


@pytest.mark.parametrize(
    ("own", "why"),
    [
        ("VersionBeforeLocation", "it puts the version before something else"),
        ("SomethingElseFirst", "it puts something before it that isn't the version"),
        ("Renames", "it changes the name itself"),
    ],
)
def test_a_class_with_another_idea_of_where_names_go_is_refused(own: str, why: str) -> None:
    with override_settings(RELEASE_VERSION="v1"):
        message = refusal(f"{CLASSES}.{own}", versions=("v1",))
    assert "_get_valid_path" in message
    assert why in message


# -- what can't be taken over --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("store", "option"),
    [
        (entry(S3, bucket_name="b", default_acl="public-read"), "default_acl"),
        (entry(S3, bucket_name="b", gzip=True), "gzip"),
        (entry(S3, bucket_name="b", proxies={"https": "http://u:pw@p"}), "proxies"),
        (entry(S3, bucket_name="b", signature_version="s3"), "signature_version"),
        (entry(S3, bucket_name="b", querystring_auth=True), "querystring_auth"),
        (f"{CLASSES}.Signed", "querystring_auth"),
        (entry(S3, bucket_name="b", verify="/nonexistent/ca.pem"), "verify"),
        (
            entry(S3, bucket_name="b", object_parameters={"ServerSideEncryption": "AES256"}),
            "object_parameters",
        ),
        (
            entry(S3, bucket_name="b", custom_domain="x", cloudfront_signer=object()),
            "cloudfront_signer",
        ),
        (entry(AZURE, **AZURE_NEEDS, expiration_secs=60), "expiration_secs"),
        (entry(AZURE, **AZURE_NEEDS, default_content_type="text/plain"), "default_content_type"),
        (
            entry(AZURE, **AZURE_NEEDS, client_options={"require_encryption": True}),
            "client_options",
        ),
        (
            entry(AZURE, **AZURE_NEEDS, object_parameters={"content_language": "de"}),
            "object_parameters",
        ),
        (entry(AZURE, **AZURE_NEEDS, cache_control="a\nb"), "cache_control"),
        (entry(AZURE, **AZURE_NEEDS, token_credential="pw"), "token_credential"),
        (entry(AZURE, azure_container="c", connection_string="pw=pw"), "connection_string"),
        (entry(GOOGLE, bucket_name="b", default_acl="publicRead"), "default_acl"),
        (entry(GOOGLE, bucket_name="b", gzip=True), "gzip"),
        (entry(GOOGLE, bucket_name="b", querystring_auth=True), "querystring_auth"),
        (entry(GOOGLE, bucket_name="b", object_parameters={"acl": "x"}), "object_parameters"),
        (entry(GOOGLE, bucket_name="b", object_parameters=lambda _name: {}), "object_parameters"),
        (entry(S3, bucket_name=5), "bucket_name"),
        (entry(AZURE, **AZURE_NEEDS, account_key=b"pw"), "account_key"),
        (entry(AZURE, **AZURE_NEEDS, custom_domain="https://cdn.example.com"), "custom_domain"),
        (entry(S3, bucket_name="b", custom_domain="https://cdn.example.com"), "custom_domain"),
        (entry(S3, bucket_name="b", custom_domain="x", url_protocol="https"), "url_protocol"),
    ],
)
def test_what_can_not_be_taken_over_is_an_error_that_names_it(store: Any, option: str) -> None:
    message = refusal(store)
    assert f"`{option}` (" in message
    assert "can't be taken over" in message
    assert "pw" not in message


def test_a_refusal_says_where_the_option_was_set() -> None:
    with override_settings(AWS_DEFAULT_ACL="public-read"):
        assert "(from the setting AWS_DEFAULT_ACL)" in refusal(entry(S3, bucket_name="b"))
        assert taken(entry(S3, bucket_name="b", default_acl=None))
    assert "(from the class Signed)" in refusal(f"{CLASSES}.Signed")


@pytest.mark.parametrize(
    ("own", "method"),
    [
        ("Saves", "_save"),
        ("SavesElsewhere", "save"),
        ("PostProcesses", "post_process"),
        ("OwnParameters", "get_object"),
    ],
)
def test_a_class_that_stores_in_its_own_way_is_refused(own: str, method: str) -> None:
    assert f"own {method}" in refusal(f"{CLASSES}.{own}")


def test_boto3_s_config_is_taken_apart() -> None:
    from botocore import UNSIGNED
    from botocore.config import Config

    def given(config: Config) -> dict[str, Any]:
        return entry(S3_STATIC, bucket_name="bucket", client_config=config)

    config = Config(
        region_name="eu-west-3",
        s3={"addressing_style": "path"},
        signature_version=UNSIGNED,
        connect_timeout=1,
        retries={"max_attempts": 1},
    )
    target = taken(given(config))
    assert target.options["region"] == "eu-west-3"
    assert target.options["virtual_hosted_style_request"] is False
    assert target.credentials() == {"skip_signature": True}
    for wrong in (
        Config(proxies={"https": "http://u:pw@p"}),
        Config(s3={"use_accelerate_endpoint": True}),
        Config(client_cert="/x"),
    ):
        assert "`client_config`" in refusal(given(wrong))


def test_signing_is_nobody_s_concern_where_base_url_is_set() -> None:
    assert taken(entry(S3, bucket_name="b", querystring_auth=True), needs_url=False)
    assert taken(f"{CLASSES}.OwnUrl", needs_url=False)
    assert "Set `base_url`" in refusal(f"{CLASSES}.OwnUrl")


def test_a_manifest_class_gives_its_bucket_and_keeps_its_hashes_to_itself() -> None:
    assert taken(f"{CLASSES}.StockManifest").address.container == "class-bucket"
    assert taken(f"{CLASSES}.Hashed").address.container == "class-bucket"


def test_a_class_s_own_option_is_its_own_affair() -> None:
    assert taken(entry(f"{CLASSES}.OwnOption", shade="red"))


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (
            entry(AZURE, acount_name="a"),
            "unknown option 'acount_name'. Did you mean 'account_name'",
        ),
        (entry(AZURE), "no `account_name`: set it in OPTIONS, in the class, or as AZURE_ACC"),
        (entry(AZURE, account_name="a"), "no `azure_container`"),
        (entry(S3), "no `bucket_name`: set it in OPTIONS, in the class, or as AWS_STORAGE_BUC"),
        ({"BACKEN": AZURE}, "unknown key 'BACKEN'. Did you mean 'BACKEND'?"),
        ({"OPTIONS": {}}, "needs BACKEND"),
        ({"BACKEND": AZURE, "OPTIONS": []}, "OPTIONS of type list"),
        ([AZURE], "of type list; expected a store URL"),
        ("storages.backends.s3.S3Storge", "has no class 'S3Storge'. Did you mean 'S3Storage'?"),
        ("storages.backend.s3.S3Storage", "Did you mean 'storages.backends.s3.S3Storage'?"),
        ("storages.backends.dropbox.DropboxStorage", "can't be imported"),
        (entry(S3, bucket_name="b", location="/x"), "location cannot begin with a leading slash"),
    ],
)
def test_a_wrong_value_is_named_with_the_nearest_right_one(store: Any, expected: str) -> None:
    assert expected in refusal(store)


@pytest.mark.parametrize(
    "secret",
    [
        "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=c2VjcmV0LXNlY3JldA==",
        "sv=2024&sig=c2VjcmV0",
        "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00",
    ],
)
def test_a_secret_in_the_place_of_a_store_is_not_shown(secret: str) -> None:
    message = refusal(secret)
    assert secret not in message
    assert "no store URL" in message


def test_a_class_that_fails_shows_no_secret_of_its_message() -> None:
    message = refusal(f"{CLASSES}.Fails")
    assert "fails with RuntimeError" in message
    assert "c2VjcmV0" not in message


# -- credentials ---------------------------------------------------------------------------------


def test_no_credential_is_in_a_repr_or_among_the_early_options() -> None:
    class Token:
        def get_token(self, *_scopes: str) -> None:
            raise AssertionError("a credential was asked before the store was opened")

    shown = ""
    for store in (
        entry(AZURE, **AZURE_NEEDS, account_key=SECRET),
        entry(AZURE, **AZURE_NEEDS, sas_token=f"sig={SECRET}"),
        entry(AZURE, **AZURE_NEEDS, token_credential=Token()),
        entry(AZURE, azure_container="c", connection_string=CONNECTION),
        entry(S3_STATIC, bucket_name="b", access_key="AKIA", secret_key=SECRET),
    ):
        found = takeover.recognize(store)
        assert isinstance(found, Later)
        target = found()
        shown += f"{found!r} {target!r} {target.options!r} {target.credentials()!r}"
    assert SECRET not in shown


def test_a_session_profile_that_is_not_there_is_told_when_the_store_is_opened() -> None:
    target = taken(entry(S3_STATIC, bucket_name="b", session_profile="nobody"))
    with pytest.raises(InvalidSetting, match=r"`session_profile` .*nobody"):
        target.credentials()


def test_without_any_credential_opening_says_what_is_missing() -> None:
    target = taken(entry(S3_STATIC, bucket_name="b"))
    with pytest.raises(InvalidSetting, match="neither `access_key` and `secret_key`"):
        target.credentials()


def test_store_options_are_laid_over_what_is_taken_over() -> None:
    given = {"region": "eu-north-1", "client_options": {"timeout": "1s"}}
    target = taken(
        entry(S3_STATIC, bucket_name="b", verify=False, region_name="us-east-1"),
        store_options=given,
    )
    assert target.options["region"] == "eu-north-1"
    assert target.options["client_options"] == {
        "allow_invalid_certificates": True,
        "timeout": "1s",
    }


@pytest.mark.parametrize(
    ("text", "name", "url"),
    [
        (CONNECTION, "acme", "https://acme.blob.core.windows.net"),
        ("AccountName=acme;AccountKey=a2V5", "acme", "https://acme.blob.core.windows.net"),
        (
            "DefaultEndpointsProtocol=http;AccountName=acme;AccountKey=a2V5;EndpointSuffix=e.org;",
            "acme",
            "http://acme.blob.e.org",
        ),
        (
            "BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=a%3D",
            "acme",
            "https://acme.blob.core.windows.net",
        ),
        ("BlobEndpoint=http://127.0.0.1:1/acme;AccountKey=eA==", "acme", "http://127.0.0.1:1/acme"),
        ("UseDevelopmentStorage=true", "devstoreaccount1", "http://127.0.0.1:10000/devstoreacco"),
    ],
)
def test_a_connection_string_is_taken_apart_as_azure_s_sdk_does(
    text: str, name: str, url: str
) -> None:
    account = parse_connection_string(text)
    assert account.name == name
    assert account.url.startswith(url)
    assert "a2V5" not in repr(account)
    assert "sig" not in repr(account)


def test_a_connection_string_s_signature_keeps_its_equals_signs() -> None:
    account = parse_connection_string(
        "BlobEndpoint=https://acme.blob.core.windows.net;SharedAccessSignature=sv=1&sig=a%3D="
    )
    assert account.sas == "sv=1&sig=a%3D="


@pytest.mark.parametrize("text", ["rubbish", "AccountKey=pw", "BlobEndpoint=nowhere", ";;"])
def test_a_wrong_connection_string_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        parse_connection_string(text)
    assert "pw" not in str(caught.value)


# -- tables, page and checks ---------------------------------------------------------------------

TABLES = [(AZURE, options.AZURE), (S3, options.S3), (GOOGLE, options.GOOGLE)]


@pytest.mark.parametrize(("backend", "table"), TABLES)
def test_every_option_of_the_installed_class_has_its_fate(backend: str, table: Any) -> None:
    storage = (
        import_string(backend)(bucket_name="b") if backend != AZURE else import_string(AZURE)()
    )
    missing = storage.get_default_settings().keys() - {option.name for option in table}
    assert not missing


@pytest.mark.parametrize(("backend", "table"), TABLES)
def test_every_setting_in_the_tables_is_read_by_the_class(backend: str, table: Any) -> None:
    for option in table:
        for name in option.settings:
            value = {"s": name}
            needed = {} if backend == AZURE else {"bucket_name": "b"}
            storage = import_string(backend)(**needed)
            with override_settings(**{name: value}):
                assert value in storage.get_default_settings().values(), name


def test_the_reference_page_has_every_option_with_its_fate() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "django-storages.md"
    found = re.findall(r"^\| `(\w+)` \| (.*?) \| (\w+) \| (.*) \|$", page.read_text(), re.M)
    expected = [
        (o.name, ", ".join(f"`{s}`" for s in o.settings), o.fate, o.why)
        for _, table in TABLES
        for o in table
    ]
    assert found == expected


def test_a_system_check_tells_what_can_not_be_taken_over() -> None:
    def check(**given: Any) -> list[str]:
        config = {
            "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
            "staticfiles": {
                "BACKEND": "static_releases.storage.ReleaseStaticFilesStorage",
                "OPTIONS": {"version": "v1", **given},
            },
        }
        with override_settings(STORAGES=config):
            storages.__dict__.pop("backends", None)
            return [str(message) for message in run_checks(tags=["staticfiles"])]

    [message] = check(store=entry(S3, bucket_name="b", gzip=True))
    assert "static_releases.E001" in message
    assert "`gzip` (from OPTIONS)" in message
    absent = "storages.backends.dropbox.DropboxStorage"
    assert any("E001" in message for message in check(store=absent))
    assert check(store=absent, base_url="https://cdn.example.com/") == []
    # Nor has an image that only serves the account: that may be in a connection string alone.
    unset = entry(AZURE, azure_container="c")
    assert any("no `account_name`" in message for message in check(store=unset))
    assert check(store=unset, base_url="https://cdn.example.com/") == []
    refused = entry(S3, bucket_name="b", gzip=True)
    assert len(check(store=refused, base_url="https://cdn.example.com/")) == 1

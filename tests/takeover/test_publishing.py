"""Each class of django-storages, taken over: a release is published to a real server by it."""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.projects import ASSETS, Project, make_project
from tests.servers import azurite as azurite_server
from tests.servers.azurite import ACCOUNT, Azurite
from tests.servers.fake_gcs import FakeGCS
from tests.servers.processes import HOST, Launch, free_ports, listens
from tests.servers.seaweedfs import SeaweedFS
from tests.servers.serving import BUCKET, Place, own_room

AZURE = "storages.backends.azure_storage.AzureStorage"
S3 = "storages.backends.s3"
GOOGLE = "storages.backends.gcloud.GoogleCloudStorage"
CACHE_CONTROL = "public, max-age=31536000"

Make = Callable[..., Project]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def project(store: Any, *, module: str = "", **options: Any) -> Project:
        made = make_project(
            tmp_path / "project", options={"store": store, "version": "v1", **options}
        )
        made.path("project_storages.py").write_text(module)
        return made

    return project


def publish(project: Project, place: Place, **environment: str) -> None:
    """Publish, and read every asset back over plain HTTP, at the URL that pages would have."""
    done = project.manage("collectstatic", "--no-input", **environment)
    assert done.status == 0, done.err
    assert "Published v1" in done.out
    for path, body in ASSETS.items():
        answer = place.read(f"v1/{path}")
        assert (answer.status, answer.body) == (200, body)
        assert answer.headers["Cache-Control"] == CACHE_CONTROL
    code = "from django.templatetags.static import static; print(static('site/app.css'))"
    shown = project.python(code, **environment)
    assert shown.out.strip() == f"{place.public_url}/v1/site/app.css", shown.err


def connection_string(server: Azurite) -> str:
    key, endpoint = server.store_options["account_key"], server.store_options["endpoint"]
    return f"AccountName={ACCOUNT};AccountKey={key};BlobEndpoint={endpoint};"


def prefix_of(place: Place) -> str:
    return place.url.rpartition("/")[2]


# -- Azure ---------------------------------------------------------------------------------------


def test_azure_by_connection_string(
    make: Make, azurite: Azurite, make_place: Callable[[str], Place]
) -> None:
    place = make_place("azure")
    given = {
        "connection_string": connection_string(azurite),
        "azure_container": BUCKET,
        "location": prefix_of(place),
        "cache_control": CACHE_CONTROL,
    }
    publish(make({"BACKEND": AZURE, "OPTIONS": given}), place)


def test_azure_by_a_connection_string_with_a_sas_that_may_only_create(
    make: Make, azurite: Azurite, make_place: Callable[[str], Place]
) -> None:
    place = make_place("azure")
    sas = azurite.sas("rlc")["sas_key"]
    endpoint = azurite.store_options["endpoint"]
    given = {
        "connection_string": f"BlobEndpoint={endpoint};SharedAccessSignature={sas}",
        "azure_container": BUCKET,
        "location": prefix_of(place),
        "cache_control": CACHE_CONTROL,
    }
    publish(make({"BACKEND": AZURE, "OPTIONS": given}), place)


AZURE_CLASS = """
from storages.backends.azure_storage import AzureStorage


class Static(AzureStorage):
    account_name = {account!r}
    {credential}
    azure_container = {container!r}
    location = {location!r}
    cache_control = {cache_control!r}
"""


@pytest.mark.parametrize("credential", ["account_key", "sas_token"])
def test_azure_by_a_class_with_another_credential_in_the_environment(
    make: Make, azurite: Azurite, make_place: Callable[[str], Place], credential: str
) -> None:
    place = make_place("azure")
    value = {
        "account_key": azurite.store_options["account_key"],
        "sas_token": f"?{azurite.sas('rlc')['sas_key']}",
    }[credential]
    module = AZURE_CLASS.format(
        account=ACCOUNT,
        credential=f"{credential} = {value!r}",
        container=BUCKET,
        location=prefix_of(place),
        cache_control=CACHE_CONTROL,
    )
    # The class has no option for Azurite's endpoint; `store_options` have.
    options = {"store_options": {"endpoint": azurite.store_options["endpoint"]}}
    project = make(
        "project_storages.Static",
        module=module,
        base_url=f"{place.public_url}/",
        **options,
    )
    publish(project, place, AZURE_STORAGE_ACCOUNT_KEY=base64.b64encode(b"wrong").decode())


@pytest.fixture
def azurite_with_tokens(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Azurite over TLS, which takes bearer tokens: of these it checks all but the signature."""
    room = own_room(tmp_path / "room")
    room.folder.mkdir()
    certificate, key_file = self_signed(tmp_path)
    [port] = free_ports(1)
    key = base64.b64encode(b"k" * 64).decode()
    tls = ["--oauth", "basic", "--cert", str(certificate), "--key", str(key_file)]
    room.start(
        Launch(
            name=f"azurite-{port}",
            command=[*azurite_server.command(port), *tls],
            environment={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"},
            is_ready=lambda: listens(port),
        )
    )
    endpoint = f"https://{HOST}:{port}/{ACCOUNT}"
    from azure.storage.blob import ContainerClient, PublicAccess

    credential = {"account_name": ACCOUNT, "account_key": key}
    with ContainerClient(
        endpoint, BUCKET, credential=credential, connection_verify=str(certificate)
    ) as container:
        container.create_container(public_access=PublicAccess.BLOB)
    yield {"endpoint": endpoint, "certificate": str(certificate)}
    room.stop_all()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for loopback, and its key."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), False)  # noqa: FBT003
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


TOKEN_MODULE = """
import time
from collections import namedtuple
from storages.backends.azure_storage import AzureStorage

AccessToken = namedtuple("AccessToken", "token expires_on")


class Credential:
    def get_token(self, *scopes, **_options):
        assert scopes == ("https://storage.azure.com/.default",), scopes
        return AccessToken({token!r}, int(time.time()) + 3600)


class Static(AzureStorage):
    account_name = {account!r}
    azure_container = {container!r}
    location = "by-token"
    token_credential = Credential()
    client_options = {{"connection_verify": {certificate!r}}}
"""


def test_azure_by_a_token_credential_over_tls(
    make: Make, azurite_with_tokens: Mapping[str, str]
) -> None:
    module = TOKEN_MODULE.format(
        token=unsigned_token(),
        account=ACCOUNT,
        container=BUCKET,
        certificate=azurite_with_tokens["certificate"],
    )
    project = make(
        "project_storages.Static",
        module=module,
        base_url="https://cdn.example.com/",
        store_options={"endpoint": azurite_with_tokens["endpoint"]},
    )
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 0, done.err
    done = project.manage("staticreleases", "verify", "v1", "--deep")
    assert "as published" in done.out, done.err


def unsigned_token() -> str:
    now = int(datetime.now(UTC).timestamp())
    tenant = "https://sts.windows.net/00000000-0000-0000-0000-000000000000/"
    claims = {
        "aud": "https://storage.azure.com",
        "iss": tenant,
        "iat": now - 60,
        "nbf": now - 60,
        "exp": now + 3600,
    }
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    return b".".join((*encoded, b"c2ln")).decode()


# -- Amazon S3 and its compatibles ---------------------------------------------------------------


def s3_options(place: Place) -> dict[str, Any]:
    return {
        "bucket_name": BUCKET,
        "endpoint_url": place.options["endpoint"],
        "region_name": place.options["region"],
        "location": prefix_of(place),
        "object_parameters": {"CacheControl": CACHE_CONTROL},
    }


@pytest.mark.parametrize("kind", ["S3Storage", "S3StaticStorage", "S3ManifestStaticStorage"])
def test_s3_by_keys(
    make: Make, seaweedfs: SeaweedFS, make_place: Callable[[str], Place], kind: str
) -> None:
    place = make_place("s3")
    given = {
        **s3_options(place),
        "access_key": place.options["access_key_id"],
        "secret_key": place.options["secret_access_key"],
    }
    publish(make({"BACKEND": f"{S3}.{kind}", "OPTIONS": given}), place)


def test_s3_by_a_profile_with_other_keys_in_the_environment(
    make: Make, seaweedfs: SeaweedFS, make_place: Callable[[str], Place], tmp_path: Path
) -> None:
    place = make_place("s3")
    credentials = tmp_path / "credentials"
    credentials.write_text(
        "[publisher]\n"
        f"aws_access_key_id = {place.options['access_key_id']}\n"
        f"aws_secret_access_key = {place.options['secret_access_key']}\n"
    )
    given = {**s3_options(place), "access_key": None, "secret_key": None}
    store = {
        "BACKEND": f"{S3}.S3StaticStorage",
        "OPTIONS": {**given, "session_profile": "publisher"},
    }
    publish(
        make(store),
        place,
        AWS_SHARED_CREDENTIALS_FILE=str(credentials),
        AWS_ACCESS_KEY_ID="other",
        AWS_SECRET_ACCESS_KEY="other",
    )


def test_s3_by_an_alias_and_settings(
    make: Make, seaweedfs: SeaweedFS, make_place: Callable[[str], Place]
) -> None:
    place = make_place("s3")
    project = make("assets")
    settings = project.path("settings.py")
    lines = {
        "AWS_S3_ACCESS_KEY_ID": place.options["access_key_id"],
        "AWS_S3_SECRET_ACCESS_KEY": place.options["secret_access_key"],
        "AWS_STORAGE_BUCKET_NAME": BUCKET,
        "AWS_S3_ENDPOINT_URL": place.options["endpoint"],
        "AWS_LOCATION": prefix_of(place),
        "AWS_S3_OBJECT_PARAMETERS": {"CacheControl": CACHE_CONTROL},
        'STORAGES["assets"]': {"BACKEND": f"{S3}.S3StaticStorage"},
    }
    text = "".join(f"{name} = {value!r}\n" for name, value in lines.items())
    settings.write_text(settings.read_text() + text)
    publish(project, place)


# -- Google --------------------------------------------------------------------------------------

GOOGLE_MODULE = """
from google.oauth2 import credentials, service_account
from storages.backends.gcloud import GoogleCloudStorage


class Static(GoogleCloudStorage):
    bucket_name = {bucket!r}
    location = {location!r}
    querystring_auth = False
    object_parameters = {{"cache_control": {cache_control!r}}}
    credentials = {credentials}
"""


def google_project(make: Make, place: Place, credentials: str) -> Project:
    module = GOOGLE_MODULE.format(
        bucket=BUCKET,
        location=prefix_of(place),
        cache_control=CACHE_CONTROL,
        credentials=credentials,
    )
    return make("project_storages.Static", module=module)


def test_google_by_a_token(
    make: Make, fake_gcs: FakeGCS, make_place: Callable[[str], Place]
) -> None:
    place = make_place("gcs")
    token = place.options["bearer_token"]
    project = google_project(make, place, f"credentials.Credentials(token={token!r})")
    publish(project, place, STORAGE_EMULATOR_HOST=fake_gcs.origin)


@pytest.fixture
def token_server(fake_gcs: FakeGCS) -> Iterator[tuple[str, list[bytes]]]:
    """A token endpoint (RFC 7523) that knows one token, and what it was asked."""
    asked: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            token = fake_gcs.store_options["bearer_token"]
            body = json.dumps({"access_token": token, "expires_in": 3600}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{HOST}:{server.server_port}/token", asked
    server.shutdown()
    server.server_close()


def test_google_by_a_service_account_which_asks_for_its_token_once(
    make: Make,
    fake_gcs: FakeGCS,
    make_place: Callable[[str], Place],
    token_server: tuple[str, list[bytes]],
) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    url, asked = token_server
    info = {
        "client_email": "publisher@example.org",
        "token_uri": url,
        "private_key": pem.decode(),
    }
    place = make_place("gcs")
    made = f"service_account.Credentials.from_service_account_info({info!r})"
    publish(google_project(make, place, made), place, STORAGE_EMULATOR_HOST=fake_gcs.origin)
    assert len(asked) == 1
    assert b"jwt-bearer" in asked[0]

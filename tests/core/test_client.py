"""The client of a store, opened as the environment says."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import obstore
import pytest

from static_releases.core import address, client


def test_an_empty_variable_sets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an image with `ENV AWS_REGION=$AWS_REGION`, and no such argument."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
    for empty in ("AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(empty, "")
    store = client.opened(address.parse("s3://bucket"), {}, "usual")
    signed = urlsplit(obstore.sign(store, "GET", "key", timedelta(minutes=1)))
    assert signed.hostname == "s3.us-east-1.amazonaws.com"
    query = parse_qs(signed.query)
    assert "us-east-1" in query["X-Amz-Credential"][0].split("/")
    assert "X-Amz-Security-Token" not in query


def test_an_empty_endpoint_of_azure_sets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "lantern")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", "")
    store = client.opened(address.parse("az://static"), {}, "usual")
    signed = urlsplit(obstore.sign(store, "GET", "key", timedelta(minutes=1)))
    assert signed.hostname == "lantern.blob.core.windows.net"

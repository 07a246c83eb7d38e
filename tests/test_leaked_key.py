"""The page about a leaked key is a transcript: what it shows is run again, and must be the same."""

import re
import uuid
from pathlib import Path

from tests.places import write_tree
from tests.servers.azurite import ACCOUNT, Azurite
from tests.transcripts import blocks, play

PAGE = "leaked-build-key.md"
ACME = "https://acme.blob.core.windows.net"
ASSETS = {"app.js": b"console.log(1)", "app.css": b"body { }\n\n\n"}


def test_the_page_shows_what_happens(azurite: Azurite, tmp_path: Path) -> None:
    folder = f"leaked-{uuid.uuid4().hex[:12]}"
    account_url = f"{azurite.origin}/{ACCOUNT}"
    key = azurite.store_options["account_key"]

    def ours(text: str) -> str:
        """Put the emulator in the place of the page's account."""
        text = text.replace(ACME, account_url).replace("acme", ACCOUNT)
        return re.sub(r"\bshop\b", folder, text)

    write_tree(tmp_path / "collected", ASSETS)
    (tmp_path / "attack.py").write_text(ours(blocks(PAGE, "python")[0]))
    transcript = "".join(blocks(PAGE))
    environment = {
        "AZURE_STORAGE_ENDPOINT": account_url,
        "AZURE_STORAGE_ACCOUNT_KEY": key,
        "AZURE_ALLOW_HTTP": "true",
    }
    out = play(transcript, tmp_path, environment, ours)
    shown = out.replace(account_url, ACME).replace(folder, "shop")
    shown = re.sub(r"in \d+\.\d s", "in 0.1 s", shown)
    shown = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "2026-11-24 08:12 UTC", shown)
    assert shown == transcript
    assert "DONE" not in out
    assert key not in out

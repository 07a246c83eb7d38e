"""The page about a leaked key is a transcript: what it shows is run again, and must be the same."""

import re
import shlex
import uuid
from pathlib import Path

from tests.places import write_tree
from tests.projects import STATIC_RELEASES, run
from tests.servers.azurite import ACCOUNT, Azurite

PAGE = Path(__file__).resolve().parents[1] / "docs/leaked-build-key.md"
ACME = "https://acme.blob.core.windows.net"
ASSETS = {"app.js": b"console.log(1)", "app.css": b"body { }\n\n\n"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def commands(transcript: str) -> list[str]:
    return [line.removeprefix("$ ") for line in transcript.splitlines() if line.startswith("$ ")]


def test_the_page_shows_what_happens(azurite: Azurite, tmp_path: Path) -> None:
    folder = f"leaked-{uuid.uuid4().hex[:12]}"

    def ours(text: str) -> str:
        """Put the emulator in the place of the page's account."""
        text = text.replace(ACME, f"{azurite.origin}/{ACCOUNT}").replace("acme", ACCOUNT)
        return re.sub(r"\bshop\b", folder, text)

    def shown(text: str) -> str:
        text = text.replace(f"{azurite.origin}/{ACCOUNT}", ACME).replace(folder, "shop")
        text = re.sub(r"in \d+\.\d s", "in 0.1 s", text)
        return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "2026-11-24 08:12 UTC", text)

    write_tree(tmp_path / "collected", ASSETS)
    (tmp_path / "attack.py").write_text(ours(blocks("python")[0]))
    transcripts = blocks("console")
    script = ["exec 2>&1"]
    for command in commands("".join(transcripts)):
        script += [f"printf '%s\\n' {shlex.quote(f'$ {command}')}", ours(command)]
    done = run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        environment={
            "PATH": f"{STATIC_RELEASES.parent}:/usr/bin:/bin",
            "AZURE_STORAGE_ENDPOINT": f"{azurite.origin}/{ACCOUNT}",
            "AZURE_STORAGE_ACCOUNT_KEY": azurite.store_options["account_key"],
            "AZURE_ALLOW_HTTP": "true",
        },
    )
    assert shown(done.out) == "".join(transcripts)
    assert "DONE" not in done.out
    assert azurite.store_options["account_key"] not in done.out

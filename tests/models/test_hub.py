"""GPT-2 checkpoints: the code that loads the real one, on a small one saved by transformers."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch

from fasttrack.data import DataUnavailable
from fasttrack.models import hub

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, torch.nn.Module]:
    from transformers import GPT2Config, GPT2LMHeadModel

    shape = {"vocab_size": 31, "n_positions": 16, "n_layer": 2, "n_head": 2, "n_embd": 8}
    theirs = GPT2LMHeadModel(GPT2Config(bos_token_id=0, eos_token_id=0, **shape)).eval()
    folder = tmp_path_factory.mktemp("checkpoint")
    theirs.save_pretrained(folder)
    return folder, theirs


def test_a_folder_gives_the_logits_it_was_saved_with(checkpoint: tuple[Path, torch.nn.Module]) -> None:
    folder, theirs = checkpoint
    ids = torch.randint(31, (2, 16))
    torch.testing.assert_close(hub.pretrained_gpt2(folder)(ids), theirs(ids).logits, atol=1e-5, rtol=1e-5)


@pytest.fixture
def server(checkpoint: tuple[Path, torch.nn.Module]) -> Iterator[str]:
    """A model hub on loopback with one model, `somebody/small`."""
    folder, _ = checkpoint
    files = {name: (folder / name).read_bytes() for name in hub.FILES}

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            if self.path.startswith("/somebody/small/resolve/") and name in files:
                self.answer(files[name])
            else:
                self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 — the name http.server looks for

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def ask(name: str, endpoint: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Load `name` in a process of its own: the hub's address is read when its library is imported."""
    program = "import sys\nfrom fasttrack.models import hub\nprint(hub.pretrained_gpt2(sys.argv[1]).config)"
    environment = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"} | more
    command = [sys.executable, "-W", "ignore", "-c", program, name]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_a_name_is_downloaded_from_the_hub_once(server: str, tmp_path: Path) -> None:
    for endpoint in (server, "http://127.0.0.1:9"):  # the second time nobody answers
        done = ask("somebody/small", endpoint, tmp_path)
        assert done.returncode == 0, done.stderr[-2000:]
        assert "vocab_size=31, block_size=16, n_layer=2" in done.stdout


def test_a_name_that_is_not_there_is_told_in_a_line(server: str, tmp_path: Path) -> None:
    for offline in ("0", "1"):
        done = ask("somebody/else", server, tmp_path, HF_HUB_OFFLINE=offline)
        last = done.stderr.strip().splitlines()[-1]
        assert "DataUnavailable: somebody/else: no such folder, and the model hub did not give it (" in last
        assert last.endswith(")")


def test_a_hub_that_cannot_be_reached_is_tried_once(tmp_path: Path) -> None:
    done = ask("somebody/small", "http://127.0.0.1:9", tmp_path)
    assert "Retrying" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert "the model hub did not give it ([Errno " in last


def test_a_folder_without_weights_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(
        DataUnavailable, match=r"no model\.safetensors there; a GPT-2 checkpoint has config\.json and"
    ):
        hub.pretrained_gpt2(tmp_path)

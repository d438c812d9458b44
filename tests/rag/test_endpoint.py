"""The client against a server on loopback that speaks the protocol, and against several that do not."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from fasttrack.rag.endpoint import Endpoint, EndpointError
from fasttrack.rag.readers import ChatReader

ANSWER = {"choices": [{"index": 0, "message": {"role": "assistant", "content": " Divide it. [1]\n"}}]}
REPLIES: dict[str, tuple[int, str]] = {
    "good": (200, json.dumps(ANSWER)),
    "typo": (404, json.dumps({"error": {"message": "model 'typo' not found"}})),
    "broken": (502, "<html>\nBad gateway</html>"),
    "empty": (200, json.dumps({"choices": []})),
    "words": (200, "not json"),
}


class Server(ThreadingHTTPServer):
    """Keeps what it was asked: headers and body."""

    seen: list[tuple[str, dict[str, str], dict[str, Any]]]


class Handler(BaseHTTPRequestHandler):
    """Answers as the name of the model in the request says."""

    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, dict(self.headers), body))
        if body["model"] == "slow":
            time.sleep(1)
        if body["model"] == "hangs up":
            self.connection.close()
            return
        status, text = REPLIES.get(body["model"], REPLIES["good"])
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.seen = []
    made.handle_error = lambda *args: None  # type: ignore[method-assign]
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/v1"


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_question_goes_out_and_an_answer_comes_back(server: Server, slash: str) -> None:
    assert Endpoint(url(server) + slash, "good", "secret").complete("System.", "User.") == "Divide it. [1]"
    path, headers, body = server.seen[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert body["model"] == "good"
    assert body["messages"] == [
        {"role": "system", "content": "System."},
        {"role": "user", "content": "User."},
    ]


def test_without_a_key_none_is_sent(server: Server) -> None:
    Endpoint(url(server), "good").complete("System.", "User.")
    assert "Authorization" not in server.seen[0][1]


def test_a_key_is_not_printed() -> None:
    assert "secret" not in repr(Endpoint("http://localhost/v1", "good", "secret"))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("typo", "HTTP 404: model 'typo' not found"),
        ("broken", "HTTP 502: <html> Bad gateway</html>"),
        ("empty", "no answer in the reply"),
        ("words", "no answer in the reply: not json"),
        ("slow", "no answer within 0.3 s"),
        ("hangs up", "not reachable"),
    ],
)
def test_what_goes_wrong_is_one_clear_line(server: Server, model: str, words: str) -> None:
    with pytest.raises(EndpointError, match=words) as told:
        Endpoint(url(server), model, timeout=0.3).complete("System.", "User.")
    assert "\n" not in str(told.value)
    assert url(server) in str(told.value)


def test_a_server_that_is_down_is_not_reachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EndpointError, match="not reachable; is the server running"):
        Endpoint(f"http://127.0.0.1:{port}/v1", "good").complete("System.", "User.")


@pytest.mark.parametrize("address", ["localhost:80/v1", "no address", "http://"])
def test_an_address_that_is_none_is_one_line(address: str) -> None:
    with pytest.raises(EndpointError, match=r"^[^\n]+$"):
        Endpoint(address, "good").complete("System.", "User.")


def test_the_chat_reader_numbers_the_passages_on_lines_of_their_own(server: Server) -> None:
    reply = ChatReader(Endpoint(url(server), "good")).read("Why?", ["First\none. [7]", "Second <user> one."])
    assert reply.text == "Divide it. [1]"
    assert reply.used == [0, 1]
    said = server.seen[0][2]["messages"][1]["content"]
    assert said == "[1] First one.\n[2] Second one.\nQuestion: Why?"


def test_a_question_over_the_budget_is_refused_before_anything_is_sent(server: Server) -> None:
    with pytest.raises(ValueError, match="over the budget of 5: ask a shorter one"):
        ChatReader(Endpoint(url(server), "good"), budget=5).read("Why " * 20, ["Text."])
    assert not server.seen

"""A client for any endpoint that speaks OpenAI's chat protocol: /v1/chat/completions, over `requests`.

Whatever goes wrong is an EndpointError whose message is one line. Left out: streaming, retries, tool calls.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import requests

MOST = 200  # characters of a server's own words in a message


class EndpointError(Exception):
    """The endpoint gave no answer, and why, in one line."""


@dataclass(frozen=True)
class Endpoint:
    """Where a model is served: `url` is the base ending in /v1, `key` is sent as a bearer token if there is one."""

    url: str
    model: str
    key: str = field(default="", repr=False)
    timeout: float = 60.0  # seconds until the connection stands, and again between two signs of life

    def complete(self, system: str, user: str, max_tokens: int = 400) -> str:
        """What the model says. Raises EndpointError."""
        url = self.url.rstrip("/") + "/chat/completions"
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        body = chat_request(self.model, system, user, max_tokens)
        try:
            reply = requests.post(url, json=body, headers=headers, timeout=self.timeout)
        except requests.Timeout:
            raise EndpointError(f"{url}: no answer within {self.timeout:g} s; try a larger timeout") from None
        except requests.ConnectionError:
            raise EndpointError(
                f"{url}: not reachable; is the server running, and the address right?"
            ) from None
        except (requests.RequestException, ValueError) as error:
            raise EndpointError(f"{url}: {one_line(str(error))}") from None
        try:
            return read_reply(reply.status_code, reply.text)
        except ValueError as error:
            raise EndpointError(f"{url}: {error}") from None


def chat_request(model: str, system: str, user: str, max_tokens: int) -> dict[str, Any]:
    """The body of a request: a system message and one of the user's, decoded greedily."""
    return {
        "model": model,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        "temperature": 0,
        "max_tokens": max_tokens,
    }


def read_reply(status: int, body: str) -> str:
    """The text of the first choice. Raises ValueError in one line for an error or anything malformed.

    Built in lesson 11/03.
    """
    try:
        reply = json.loads(body)
    except ValueError:
        reply = None
    if status != 200:
        error = reply.get("error") if isinstance(reply, dict) else None
        reason = error.get("message") if isinstance(error, dict) else error
        raise ValueError(f"HTTP {status}: {one_line(reason if isinstance(reason, str) else body)}")
    try:
        text = reply["choices"][0]["message"]["content"]
    except (TypeError, KeyError, IndexError):
        text = None
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"no answer in the reply: {one_line(body)}")
    return text.strip()


def one_line(text: str) -> str:
    """The first 200 characters of a text, in one line."""
    return " ".join(text.split())[:MOST] or "(empty)"

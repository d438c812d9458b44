"""Check of 11_rag/03_rag on what an endpoint sends back. Oracle: each reply is made from its answer or its reason."""

from __future__ import annotations

import json
import random
from typing import Any

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import rag as fixtures
from fasttrack.check.rag.inputs import sentence
from fasttrack.check.values import describe

NOTHING = "no answer in the reply: "


@check
def read_reply(learner: Any, seed: int) -> None:
    """Answers, errors of four kinds, and bodies that are no answer."""
    rng = random.Random(seed)
    said = sentence(rng, 5)
    for content in (said, f"  {said}\n", "mill [1]\n\nor inn [2]", "0"):
        body = json.dumps({"id": "x", "choices": [chosen(content), chosen("another")], "usage": {}})
        want = content.strip()
        mistakes = {
            "white space at both ends goes": content,
            "the first choice, not the last": "another",
            "a string, not the message": {"role": "assistant", "content": content},
            "the content alone, not the whole reply": body,
        }
        expect(learner, 200, body).equals(
            want, mistakes={words: wrong for words, wrong in mistakes.items() if wrong != want}
        )
    reason = sentence(rng, 4)
    for status, body, why in (
        (401, json.dumps({"error": {"message": reason, "type": "auth"}}), reason),
        (404, json.dumps({"error": reason}), reason),
        (502, "<html>\n  Bad   gateway\n</html>", "<html> Bad gateway </html>"),
        (429, json.dumps({"error": {"message": "slow\n down  please"}}), "slow down please"),
        (500, json.dumps({"error": {"code": 5}}), '{"error": {"code": 5}}'),
        (500, json.dumps({"error": None}), '{"error": null}'),
        (500, json.dumps([1, 2]), "[1, 2]"),
        (503, "", "(empty)"),
        (500, json.dumps({"error": {"message": " "}}), "(empty)"),
        (400, json.dumps({"detail": reason}), json.dumps({"detail": reason})),
        (500, "x" * 500, "x" * 200),
        (500, json.dumps({"error": {"message": "word " * 100}}), ("word " * 100)[:200]),
        (403, json.dumps({"choices": [chosen(said)]}), json.dumps({"choices": [chosen(said)]})[:200]),
        (201, json.dumps({"choices": [chosen(said)]}), json.dumps({"choices": [chosen(said)]})[:200]),
        (418, "null", "null"),
    ):
        refused(learner, status, body, f"HTTP {status}: {why}")
    for body in (
        json.dumps({"choices": []}),
        json.dumps({"choices": [{}]}),
        json.dumps({"choices": [chosen(None)]}),
        json.dumps({"choices": [chosen(" \n")]}),
        json.dumps({"choices": [chosen(7)]}),
        json.dumps({"choices": [chosen(["mill"])]}),
        json.dumps({"choices": {"message": "x"}}),
        json.dumps({"choices": None}),
        json.dumps({"choices": [{"message": "mill"}]}),
        json.dumps({"error": {"message": reason}}),
        "[]",
        "null",
        "3",
        '"text"',
        "",
        "not\n  json",
        "{" + "y" * 500,
    ):
        refused(learner, 200, body, NOTHING + (" ".join(body.split())[:200] or "(empty)"))


def chosen(content: Any) -> dict[str, Any]:
    return {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}


def refused(learner: Any, status: int, body: str, want: str) -> None:
    """A ValueError with exactly this message, but for spaces at its end."""
    looked = ("looked at", f"read_reply({status}, {describe(body)})")
    got = beside(learner, fixtures.refused, status, body)
    came = got["message"]
    if not got["raised"]:
        require(
            False,
            looked,
            ("expected", f"ValueError: {want}"),
            ("got", f"no error, but {describe(got['returned'])}"),
            *([("mistake", "any status but 200 is an error")] if status != 200 else []),
        )
    good = isinstance(came, str) and came.rstrip() == want.rstrip()
    facts = [looked, ("expected", f"ValueError: {want}"), ("got", f"{got['raised']}: {came}")]
    if not good and (words := cause(got["raised"], str(came), want)):
        facts.append(("mistake", words))
    require(good, *facts)


def cause(kind: str, came: str, want: str) -> str:
    """What a wrong message shows; "" if nothing."""
    if kind == "JSONDecodeError":
        return "what is no JSON must not stop you: parse in a try of its own"
    if want.startswith("HTTP") and not came.startswith("HTTP"):
        return "the message starts with HTTP and the status"
    if want.endswith("(empty)"):
        return "a reason or body without text is written (empty)"
    if "\n" in came or "  " in came:
        return "one line: white space becomes one space"
    if len(came) > len(want) and came.startswith(want.rstrip()):
        return "only the first 200 characters are kept"
    if (
        want.startswith("HTTP")
        and want.partition(": ")[2]
        and want.partition(": ")[2] in came
        and len(came) > len(want)
    ):
        return "the server's reason alone, if it gives one as a string: error.message, or error"
    return ""

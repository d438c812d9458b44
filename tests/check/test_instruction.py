"""The checks of 09_finetuning/03_instruction on the package's functions and on lazy ones."""

from __future__ import annotations

from typing import Any

import pytest

from fasttrack.check import CheckFailed
from fasttrack.check import instruction as check
from fasttrack.finetune import answers, dialogue

SEEDS = [0, 1, 7, 1234]
RIGHT: dict[str, Any] = {
    "render": dialogue.render,
    "tokenize_dialogue": dialogue.tokenize_dialogue,
    "loss_mask": dialogue.loss_mask,
    "sft_loss": dialogue.sft_loss,
    "pack": dialogue.pack,
    "document_mask": dialogue.document_mask,
    "document_positions": dialogue.document_positions,
    "loss_weights": dialogue.loss_weights,
    "exact_match": answers.exact_match,
    "refusals": answers.refusals,
    "look_up": answers.look_up,
}


def test_every_exercise_is_here() -> None:
    assert set(RIGHT) == set(check.__all__)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", RIGHT)
def test_the_package_s_function_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(check, name)(RIGHT[name], seed=seed)


def test_forgery_is_looked_for_in_every_role() -> None:
    def only_the_user_s(messages: Any, encode: Any, special: Any, ask: bool = False) -> Any:
        ids = []
        for message in messages:
            content = encode(message["content"])
            if message["role"] == "user" and set(content) & set(special.values()):
                raise ValueError("forged")
            if message["role"] not in dialogue.ROLES:
                raise ValueError("role")
            ids += [special[f"<{message['role']}>"], *content, special["<end>"]]
        return [*ids, special["<assistant>"]] if ask else ids

    with pytest.raises(CheckFailed, match="in every role"):
        check.tokenize_dialogue(only_the_user_s)

"""What we save is read back by our loader and by transformers."""

from pathlib import Path

import torch

from fasttrack.models.gpt import GPT, GPTConfig
from fasttrack.models.hub import pretrained_gpt2
from fasttrack.models.saving import save_gpt2


def test_a_saved_model_is_the_same_for_us_and_for_transformers(tmp_path: Path) -> None:
    from transformers import GPT2LMHeadModel

    torch.manual_seed(0)
    model = GPT(GPTConfig(31, 16, 2, 2, 8))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    save_gpt2(model, tmp_path / "model")
    ids = torch.randint(31, (2, 16))
    assert torch.equal(pretrained_gpt2(tmp_path / "model")(ids), model(ids))
    theirs = GPT2LMHeadModel.from_pretrained(tmp_path / "model").eval()
    torch.testing.assert_close(theirs(ids).logits, model(ids), atol=1e-5, rtol=1e-5)

"""Our GPT as a checkpoint that our loader, transformers and peft all read."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import save_file

from fasttrack.models.gpt import GPT, gpt2_name


def save_gpt2(model: GPT, folder: Path) -> None:
    """Write `config.json` and `model.safetensors` as GPT-2's checkpoints have them: linear layers as `(in, out)`.

    Token 0 is said to be the one that ends a text. Files of these names are replaced.
    """
    state = {}
    for name, parameter in model.named_parameters():
        turned = name.endswith(".weight") and name.split(".")[-2] in ("qkv", "proj", "fc")
        state[gpt2_name(name)] = (parameter.T if turned else parameter).detach().cpu().contiguous()
    config = {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": model.config.vocab_size,
        "n_positions": model.config.block_size,
        "n_layer": model.config.n_layer,
        "n_head": model.config.n_head,
        "n_embd": model.config.n_embd,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "tie_word_embeddings": True,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})

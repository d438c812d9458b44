"""Public GPT-2 checkpoints, from the model hub or a folder, as the course's own `GPT`."""

from __future__ import annotations

import json
from pathlib import Path

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from safetensors.torch import load_file

from fasttrack.data import DataUnavailable
from fasttrack.models.gpt import GPT, GPTConfig, load_gpt2_weights

FILES = ("config.json", "model.safetensors")


def pretrained_gpt2(name: str | Path = "openai-community/gpt2") -> GPT:
    """The model of that name on the hub (downloaded once, 548 MB for the smallest GPT-2), or in the folder `name`.

    Raises DataUnavailable, in one line, if it is neither a folder with config.json and model.safetensors nor to be had.
    """
    folder = Path(name)
    if not folder.is_dir():
        try:
            for file in FILES:
                folder = Path(hf_hub_download(str(name), file)).parent
        except (HfHubHTTPError, HFValidationError, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            raise DataUnavailable(
                f"{name}: no such folder, and the model hub did not give it ({reason}). "
                "The lessons' own model needs no network: fables-base."
            ) from None
    if missing := [file for file in FILES if not (folder / file).exists()]:
        raise DataUnavailable(
            f"{folder}: no {missing[0]} there; a GPT-2 checkpoint has {' and '.join(FILES)}"
        )
    sizes = json.loads((folder / "config.json").read_text("utf-8"))
    shape = (sizes["vocab_size"], sizes["n_positions"], sizes["n_layer"], sizes["n_head"], sizes["n_embd"])
    return load_gpt2_weights(GPT(GPTConfig(*shape)), load_file(folder / "model.safetensors"))

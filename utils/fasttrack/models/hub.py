"""Public GPT-2 checkpoints, from the model hub or a folder, as the course's own `GPT`."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from safetensors.torch import load_file

from fasttrack.data import DataUnavailable
from fasttrack.models.gpt import GPT, GPTConfig, load_gpt2_weights

FILES = ("config.json", "model.safetensors")
SMALLEST = "openai-community/gpt2"  # 124 million parameters


def pretrained_gpt2(name: str | Path = SMALLEST) -> GPT:
    """The model of that name on the hub (downloaded once, 548 MB for the smallest GPT-2), or in the folder `name`.

    Raises DataUnavailable, in one line, if it is neither a folder with config.json and model.safetensors nor to be had.
    """
    config, state = gpt2_checkpoint(name)
    return load_gpt2_weights(GPT(config), state)


def gpt2_checkpoint(name: str | Path = SMALLEST) -> tuple[GPTConfig, dict[str, torch.Tensor]]:
    """The sizes and the tensors of a checkpoint, as they are; `name` and errors as in `pretrained_gpt2`."""
    folder = Path(name)
    if not folder.is_dir():
        try:
            for file in FILES:
                folder = Path(download(str(name), file)).parent
        except (HfHubHTTPError, HFValidationError, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            raise DataUnavailable(
                f"{name}: no such folder, and the model hub did not give it ({reason})"
            ) from None
    if missing := [file for file in FILES if not (folder / file).exists()]:
        raise DataUnavailable(
            f"{folder}: no {missing[0]} there; a GPT-2 checkpoint has {' and '.join(FILES)}"
        )
    sizes = json.loads((folder / "config.json").read_text("utf-8"))
    shape = (sizes["vocab_size"], sizes["n_positions"], sizes["n_layer"], sizes["n_head"], sizes["n_embd"])
    return GPTConfig(*shape), load_file(folder / "model.safetensors")


def download(name: str, file: str) -> str:
    """Where a file of a model on the hub lies on this machine; if it must be fetched, the hub is tried once.

    Without a network hf_hub_download by itself would try for 23 seconds, and warn of each attempt.
    """
    try:
        return hf_hub_download(name, file, local_files_only=True)
    except LocalEntryNotFoundError:
        reach(hf_hub_url(name, file))
        return hf_hub_download(name, file)


def reach(url: str) -> None:
    """Ask for a file's headers once. Raises OSError or HfHubHTTPError."""
    try:
        get_hf_file_metadata(url)
    except (OSError, HfHubHTTPError):
        raise
    except Exception as error:  # the HTTP library's own, which changes with the hub library's version
        raise ConnectionError(str(error)) from error

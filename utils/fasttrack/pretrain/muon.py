"""Muon for the blocks' matrices, AdamW for the rest, as one optimizer.

Muon makes every singular value of an update about 1 before it is applied (Jordan et al., 2024), so a matrix learns in
all its directions at once. On fables it halves the number of steps; embeddings and vectors stay with AdamW.
"""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.models.gpt import GPT
from fasttrack.pretrain.steps import configure_optimizer


class MuonAdamW:
    """What `Run` needs of an optimizer: groups with a learning rate, `zero_grad`, `step`, and a state.

    `muon_lr` is the learning rate of the blocks' matrices, whose updates are scaled by the matrix's shape; `lr` that of
    everything else. Raises ImportError in one line if PyTorch is older than 2.9.
    """

    def __init__(
        self, model: GPT, lr: float, muon_lr: float, weight_decay: float, betas: tuple[float, float]
    ) -> None:
        if not hasattr(torch.optim, "Muon"):
            raise ImportError(f"Muon needs PyTorch 2.9 or newer; this is {torch.__version__}")
        matrices = [parameter for parameter in model.blocks.parameters() if parameter.dim() == 2]
        muon = torch.optim.Muon(matrices, lr=muon_lr, weight_decay=weight_decay, adjust_lr_fn="original")
        adamw = configure_optimizer(model, lr, weight_decay, betas, leave_out=matrices)
        self.parts: tuple[torch.optim.Optimizer, ...] = (muon, adamw)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of both."""
        return [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none)

    def step(self) -> None:
        """One update of every parameter."""
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """The states of both."""
        return {str(i): part.state_dict() for i, part in enumerate(self.parts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with the states of `state_dict`."""
        for i, part in enumerate(self.parts):
            part.load_state_dict(state[str(i)])

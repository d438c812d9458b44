"""Training a pretrained model further: the loop all of unit 09 uses, and the ways of its lessons."""

from fasttrack.finetune.loop import finetune, linear_schedule

__all__ = ["finetune", "linear_schedule"]

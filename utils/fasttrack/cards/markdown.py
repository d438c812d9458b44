"""A card's Markdown for the terminal and for Anki. Formulas, which Markdown does not know, are kept whole."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from markdown_it import MarkdownIt

# Fenced code, code, formulas. As in Jupyter a dollar before a digit ends no formula: "from $5 to $10" has none.
FENCE = r"(?P<fence>^```.*?^```[ \t]*$)"
CODE = r"(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
FORMULA = r"\$\$(?P<display>.+?)\$\$|(?<![\\$])\$(?=\S)(?P<inline>[^$\n]*?\S)(?<!\\)\$(?!\d)"
VERBATIM = re.compile(rf"{FENCE}|{CODE}|{FORMULA}", re.MULTILINE | re.DOTALL)
FIRST = 0xE000  # of Unicode's characters for private use; no card has any


def formulas_replaced(text: str, replacement: Callable[[str, bool], str], prose: Callable[[str], str]) -> str:
    """Each formula, without its dollars, by `replacement(formula, display)`, what is no code by `prose(it)`."""
    parts, at = [], 0
    for found in VERBATIM.finditer(text):
        parts.append(prose(text[at : found.start()]))
        display, inline = found["display"], found["inline"]
        if display is not None or inline is not None:
            parts.append(replacement(display if inline is None else inline, display is not None))
        else:
            parts.append(found[0])
        at = found.end()
    return "".join([*parts, prose(text[at:])])


def for_terminal(text: str) -> str:
    """Markdown whose formulas are code and whose `<` is no HTML, which a terminal would leave out."""

    def as_code(formula: str, display: bool) -> str:
        ticks = "``" if "`" in formula else "`"
        return f"{ticks}{' '.join(formula.split())}{ticks}"

    return formulas_replaced(text, as_code, lambda prose: prose.replace("<", "\\<"))


def to_html(text: str) -> str:
    r"""HTML as Anki shows it: code in its tags, formulas in \( \) and \[ \] for MathJax, all else escaped."""
    kept: list[str] = []

    def keep(formula: str, display: bool) -> str:
        opening, closing = (r"\[", r"\]") if display else (r"\(", r"\)")
        kept.append(f"{opening}{html.escape(formula, quote=False)}{closing}")
        return chr(FIRST + len(kept) - 1)

    marked = formulas_replaced(text, keep, lambda prose: prose)
    markdown = MarkdownIt("commonmark", {"html": False})
    rendered = markdown.render(marked).strip()
    if rendered.count("<p>") == 1 and rendered.startswith("<p>") and rendered.endswith("</p>"):
        rendered = rendered.removeprefix("<p>").removesuffix("</p>")
    return "".join(kept[ord(one) - FIRST] if 0 <= ord(one) - FIRST < len(kept) else one for one in rendered)

"""How a failed check speaks: the exceptions, and how they look in a notebook and in a terminal."""

RED, BOLD, RESET = "\x1b[31m", "\x1b[1m", "\x1b[0m"


class CheckFailed(AssertionError):
    """The learner's answer differs from the oracle. The message is the whole diagnosis."""

    def __init__(self, title: str, *facts: tuple[str, str]) -> None:
        """`title` is one line; each fact is a `(label, text)` row shown under it."""
        self.title = title
        self.facts = facts
        super().__init__("\n".join([title, *rows(facts)]))

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: only the diagnosis, no frames of the checking code."""
        return [f"{RED}{BOLD}{self.title}{RESET}", *rows(self.facts)]


class NotWritten(CheckFailed):
    """The exercise still raises NotImplementedError: nothing was tried, so nothing is wrong yet."""

    def __init__(self, name: str, origin: str = "") -> None:
        """`origin` is the function or class that raised: another exercise, if `name` builds on one."""
        if origin.isidentifier() and origin != name:
            super().__init__(f"not written yet: {origin}, which {name} builds on")
        else:
            super().__init__(f"not written yet: {name}")


def rows(facts: tuple[tuple[str, str], ...]) -> list[str]:
    """Facts as indented rows, labels in one column, continuation lines under their text."""
    return [f"  {label:<9} " + text.replace("\n", "\n" + " " * 12) for label, text in facts]

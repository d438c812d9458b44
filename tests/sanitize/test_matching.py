"""Matching: what a cell defines, found in any text and in linear time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.sanitize.reading import MAX_SOURCE, names


@pytest.mark.parametrize(
    ("text", "defined"),
    [
        ("def area(x):\n    inner = 1", {"area"}),
        ("async  def area(x): ...", {"area"}),
        ("@cache\ndef area(x): ...\nclass Circle(nn.Module):\n    pass", {"area", "Circle"}),
        ("area = lambda x: x\nsize: dict[str, int] = {}", {"area", "size"}),
        ("area == 3\narea += 1\nprint(area=3)", set()),
        ("    def area(x): ...", set()),
        ("# def area(x): ...", set()),
        ('"""\ndef area(x): ...\n"""', set()),
        ("'''\ndef area(x): ...", set()),
        ("text = 'it''s'\ndef area(x): ...", {"text", "area"}),
        ("!echo it's\ndef area(x): ...", {"area"}),
        ("%%time\ndef area(x): ...", {"area"}),
        ("def area(width, height)\n    return width height", {"area"}),
        ("", set()),
    ],
)
def test_names_are_what_a_cell_binds_at_the_margin(text: str, defined: set[str]) -> None:
    assert names(text) == defined


@settings(deadline=None)
@given(st.text(alphabet="\"'\\\n#=: \tdefclass", max_size=200))
def test_names_of_any_text(text: str) -> None:
    assert all(name.isidentifier() or name.isalnum() for name in names(text))


@pytest.mark.parametrize(
    "part", ['"', "'", '\\"', '"""', '\\"""', "'''a", "def ", "a:", "\n=", "\\", "a = ", "# "]
)
def test_names_of_text_made_to_slow_it_down(part: str) -> None:
    """Quadratic time would show as a test that does not end."""
    names(part * (MAX_SOURCE // len(part)))

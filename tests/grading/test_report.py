"""The instructor's report: its figures, its defences, and how it behaves in headless Chromium."""

import base64
import hashlib
import random
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from autograder.grading.report import render
from autograder.grading.store import Graded
from autograder.lesson import Cell, Lesson
from autograder.outcome import Outcome, TestResult
from tests.conftest import ARTEFACTS, in_chromium

EXERCISES = {
    "01_tensors/01_tensors": (
        "Tensors",
        {
            "element_offset": 1,
            "tensor_bytes": 2,
            "broadcast_shape": 3,
            "outer_sum": 1,
            "one_hot": 2,
            "pick": 2,
        }
        | {"batched_trace": 1, "logsumexp": 3, "softmax": 2, "cross_entropy": 3},
    ),
    "06_attention/01_self_attention": (
        "Self-attention",
        {"causal_mask": 1, "attention_weights": 3, "attend": 2, "SelfAttention": 5, "rope": 4},
    ),
}
MISTAKES = {
    "softmax": ["normalised over rows, not columns", "exp overflows: subtract the largest first"],
    "outer_sum": ["a runs down the rows, b along the columns: yours is transposed"],
    "causal_mask": [
        "a position must see itself: keep the diagonal",
        "True means may attend; yours is inverted",
    ],
    "attention_weights": ["did you divide by d_k instead of its square root?"],
}
NOTES = [
    "12 cells without a valid id: given one",
    "kernel 'conda-env-llm-py': set to python3",
    "softmax: suspicious: two cells define it; the last one counts (guess)",
    "logsumexp: its cell had lost nbgrader's metadata: found by its text (likely)",
]


def lesson(name: str) -> Lesson:
    title, exercises = EXERCISES[name]
    tests = [
        Cell(kind, "", 1, exercise, points if kind == "test" else 0)
        for exercise, points in exercises.items()
        for kind in ("exercise", "test")
    ]
    return Lesson(name, Path(f"{name}.py"), (Cell("markdown", f"# {title}", 1), *tests))


LESSONS = [lesson(name) for name in EXERCISES]


def result(rng: random.Random, name: str, points: int, skill: float) -> TestResult:
    """One test of a simulated learner."""
    seconds = rng.uniform(0.01, 0.4)
    if rng.random() < skill:
        return TestResult(name, Outcome.PASSED, points, seconds=seconds)
    weights = {Outcome.WRONG: 12, Outcome.NOT_ATTEMPTED: 5, Outcome.ERROR: 4}
    kinds = [kind for kind in Outcome if kind is not Outcome.PASSED]
    [outcome] = rng.choices(kinds, [weights.get(kind, 1) for kind in kinds])
    mistake, message = "", f"{name}: {outcome.value}"
    if outcome is Outcome.WRONG:
        mistake = rng.choice(["", *MISTAKES.get(name, []) * 3])
        shape = rng.choice(["(2, 3)", "(5, 7)", "(4, 2)"])
        message = (
            f"{name}: not right yet\n  called    {name}(float32 tensor {shape}, dim={rng.randrange(2)})\n"
            f"  expected  float32 tensor {shape}: 0.1192 at [0, 1]\n  got       float32 tensor {shape}: 0.5"
        ) + (f"\n  mistake   {mistake}" if mistake else "")
    elif outcome is Outcome.ERROR:
        message = (
            f"{name}: your code raised an error\nRuntimeError: The size of tensor a (3) must match the size of "
            "tensor b (4) at non-singleton dimension 1\n  line 4: return x + y"
        )
    elif outcome is Outcome.TIMEOUT:
        seconds, message = 10.0, f"{name}: stopped after 10 seconds: is there a loop that never ends?"
    return TestResult(name, outcome, points, message, mistake, seconds)


def simulated(learners: int, lessons: list[Lesson] = LESSONS, seed: int = 0) -> list[Graded]:
    """A class with something of everything."""
    rng = random.Random(seed)
    graded = []
    for number in range(1, learners + 1):
        skill = rng.choice([0.3, 0.6, 0.8, 0.95, 1.0])
        for one in lessons:
            if rng.random() < 0.07:
                continue
            results = [result(rng, name, cell.points, skill) for name, cell in one.tests().items()]
            notes = rng.sample(NOTES, rng.choice([0, 0, 0, 1, 2]))
            name = f"learner-{number:02}"
            graded.append(Graded(name, one.name, "key", tuple(results), rng.uniform(2, 20), tuple(notes)))
    return graded


HOSTILE = {
    "script": "<script>hacked = 1</script>",
    "attribute": '"><img src=x onerror="hacked = 1">',
    "quote": "' onmouseover='hacked = 1",
    "end": "</pre></style></script><svg onload=hacked=1>",
    "url": "javascript:hacked=1",
    "template": "{{ 7 * 7 }} {% raw %}",
    "turned": "ada\u202egpj.\u2066\u200f",
    "control": "nul\0 bell\a colour\x1b[31mred half\ud800",
    "long": "0" * 10_000,
}


def hostile_class() -> list[Graded]:
    """Every text that a learner could reach, in every place."""
    return [
        Graded(
            text,
            "01_tensors/01_tensors",
            "key",
            (TestResult("softmax", Outcome.WRONG, 2, text, text), TestResult(text, Outcome.ERROR, 1, text)),
            notes=(f"softmax: suspicious: {text}", text),
        )
        for text in HOSTILE.values()
    ]


def one(who: str, *outcomes: Outcome, mistake: str = "", message: str = "", points: int = 1) -> Graded:
    """A notebook of the second lesson: an outcome for each of its first exercises."""
    names = EXERCISES["06_attention/01_self_attention"][1]
    results = [
        TestResult(name, outcome, points, message, mistake if outcome is Outcome.WRONG else "", 0.5)
        for name, outcome in zip(names, outcomes, strict=False)
    ]
    return Graded(who, "06_attention/01_self_attention", "key", tuple(results), 3.0)


class Outline(HTMLParser):
    """Tags of a page in balance, its text, and what must not be in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "script" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def test_the_same_class_gives_the_same_bytes_in_any_order() -> None:
    graded = simulated(12)
    page = render(graded, LESSONS, sandbox=True)
    assert render(graded[::-1], LESSONS, sandbox=True) == page


def test_figures() -> None:
    graded = [
        one("ada", Outcome.PASSED, Outcome.PASSED),
        one("bob", Outcome.PASSED, Outcome.WRONG, mistake="the sign"),
        one("cyd", Outcome.WRONG, Outcome.WRONG, mistake="the sign"),
        one("dan", Outcome.NOT_ATTEMPTED, Outcome.TIMEOUT),
    ]
    text = Outline(render(graded, LESSONS, sandbox=True)).text
    assert "Learners 4 Notebooks 4 Mean score 38% Median score 25% Complete 1 25% Suspicious 0" in text
    assert "4 of 4 learners" in text
    assert "✓ 3 passed : the check agrees" in text
    # points, pass rate, then passed, wrong, timeout, not attempted, and the mean of seconds
    assert re.search(r"causal_mask 1 50% 2 1 0 1 0\.50", text)
    assert re.search(r"attention_weights 3 25% 1 2 1 0 0\.50", text)


def test_mistakes_come_by_number_with_the_share_of_those_who_tried() -> None:
    graded = [
        one("ada", Outcome.PASSED, Outcome.WRONG, mistake="the scale"),
        one("bob", Outcome.WRONG, Outcome.WRONG, mistake="the sign"),
        one("cyd", Outcome.NOT_ATTEMPTED, Outcome.WRONG, mistake="the sign"),
    ]
    text = Outline(render(graded, LESSONS, sandbox=True)).text
    mistakes = text[text.index("Learners Share Exercise Mistake") :]
    assert mistakes.startswith(
        "Learners Share Exercise Mistake 2 67% attention_weights the sign bob , cyd "
        "1 50% causal_mask the sign bob 1 33% attention_weights the scale ada "
    )


@pytest.mark.parametrize("points", [1, 20, 300])
def test_the_histogram_counts_every_notebook(points: int) -> None:
    rng = random.Random(points)
    graded = [
        one(f"{number}", *rng.choices([Outcome.PASSED, Outcome.WRONG], k=5), points=points)
        for number in range(30)
    ]
    page = render(graded, [], sandbox=True)
    bars = re.findall(r"<title>(\d+)(?: to (\d+))? points: (\d+)</title>", page)
    assert sum(int(count) for _, _, count in bars) == 30
    for low, high, count in bars:
        within = range(int(low), int(high or low) + 1)
        assert sum(row.points in within for row in graded) == int(count)
    assert ">points</text>" in page
    assert ">notebooks</text>" in page


def test_grading_without_the_sandbox_and_failures_are_loud() -> None:
    calm = render(simulated(3), LESSONS, sandbox=True)
    assert 'class="loud"' not in calm
    loud = Outline(render(simulated(3), LESSONS, sandbox=False, problems=["eve: <b>no</b>", "max: no"])).text
    assert "Graded without the sandbox." in loud
    assert "2 submissions could not be graded and are in no figure below. eve: <b>no</b> max: no" in loud


def test_an_empty_class_is_a_page() -> None:
    text = Outline(render([], LESSONS, sandbox=True, problems=["ada: no notebook"])).text
    assert "1 submission could not be graded" in text
    assert "Nothing has been graded yet." in text


def test_a_lesson_that_the_course_no_longer_has_is_shown_by_its_name() -> None:
    text = Outline(render([one("ada", Outcome.PASSED)], LESSONS[:1], sandbox=True)).text
    assert "06_attention/01_self_attention" in text


def test_nothing_of_a_learner_becomes_markup() -> None:
    page = render(hostile_class(), LESSONS, sandbox=True, problems=list(HOSTILE.values()))
    page.encode("utf-8")
    assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", page)
    outline = Outline(page)
    assert outline.open == []
    tags = [tag for tag, _ in outline.seen]
    assert tags.count("script") == tags.count("style") == 1
    assert "img" not in tags
    for tag, attributes in outline.seen:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style")], tag
        assert re.match("#|$", attributes.get("href") or "")
    assert "{{ 7 * 7 }}" in outline.text
    assert r"nul\x00 bell\x07 colourred half\ud800" in outline.text
    assert r"ada\u202egpj.\u2066\u200f" in outline.text


def test_long_messages_are_shortened_and_repeated_ones_stored_once() -> None:
    text = "begin " + "long " * 2000 + "end"
    graded = [one(f"learner {number}", Outcome.ERROR, message=text) for number in range(50)]
    page = render(graded, LESSONS, sandbox=True)
    assert page.count("begin long") == 1
    assert f"({len(text) - 2000} characters left out)" in page
    assert "50 × error" in Outline(page).text
    assert page.count("long ") < 500


def test_a_thousand_learners_with_a_message_each_fit() -> None:
    rng = random.Random(0)
    graded = [
        Graded(
            f"learner-{number}",
            "01_tensors/01_tensors",
            "key",
            tuple(
                TestResult(
                    name, Outcome.WRONG, 1, f"{name}: {rng.random()} " + "expected 0.123 " * 40, "the sign"
                )
                for name in EXERCISES["01_tensors/01_tensors"][1]
            ),
        )
        for number in range(1000)
    ]
    assert len(render(graded, LESSONS, sandbox=True).encode()) < 6_000_000
    assert len(render(simulated(1000, LESSONS[:1]), LESSONS, sandbox=True).encode()) < 4_000_000


def test_the_policy_names_the_hashes_of_the_page_s_own_style_and_script() -> None:
    page = render(hostile_class(), LESSONS, sandbox=True)
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    assert policy
    assert page.index(policy[0]) < page.index("<title>")
    rules = dict(rule.split(" ", 1) for rule in policy[1].replace("&#39;", "'").split("; "))
    assert rules.pop("default-src") == "'none'"
    for tag in ("style", "script"):
        inline = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert inline
        hashed = base64.b64encode(hashlib.sha256(inline[1].encode()).digest()).decode()
        assert rules.pop(f"{tag}-src") == f"'sha256-{hashed}'"
    assert rules == {"base-uri": "'none'", "form-action": "'none'"}
    assert "://" not in page


Open = Callable[..., Page]


@pytest.fixture
def show(chromium: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a report; at the end, the console must have stayed silent."""
    complaints: list[str] = []
    pages: list[Page] = []

    def opened(html: str, *, silent: bool = True, **options: object) -> Page:
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        page = chromium.new_page(**options)  # type: ignore[arg-type]
        pages.append(page)
        if silent:
            page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield opened
    for page in pages:
        page.close()
    assert complaints == []


def names(page: Page) -> list[str]:
    return page.locator("#class > tbody:visible bdi").all_inner_texts()


def scores(page: Page) -> list[float]:
    cells = page.locator("#class > tbody:visible > tr:first-child > td:nth-child(3)")
    return [float(cell.get_attribute("data-key") or "") for cell in cells.all()]


class TestInChromium:
    """The report as an instructor meets it."""

    pytestmark = in_chromium

    def test_a_click_on_a_head_sorts_and_another_turns_it_around(self, show: Open) -> None:
        page = show(render(simulated(40), LESSONS, sandbox=True))
        before = scores(page)
        assert before != sorted(before)
        score = page.get_by_role("button", name="Score")
        score.click()
        assert scores(page) == sorted(before)
        assert page.locator("th[aria-sort=ascending]").inner_text() == "Score"
        score.press("Enter")
        assert scores(page) == sorted(before, reverse=True)
        page.get_by_role("button", name="Learner").click()
        assert names(page) == sorted(names(page))
        assert page.locator("th[aria-sort]").count() == 1
        for head in ("Lesson", "Outcomes", "Notes", "Seconds"):
            shown = names(page)
            page.get_by_role("button", name=head).click()
            assert names(page) != shown
            assert sorted(names(page)) == sorted(shown)

    def test_names_sort_as_numbers_do(self, show: Open) -> None:
        graded = [one(f"learner{number}", Outcome.PASSED) for number in (10, 9, 100)]
        page = show(render(graded, LESSONS, sandbox=True))
        page.get_by_role("button", name="Learner").click()
        assert names(page) == ["learner9", "learner10", "learner100"]

    def test_filters_hide_rows_and_say_how_many_are_left(self, show: Open) -> None:
        graded = simulated(40)
        page = show(render(graded, LESSONS, sandbox=True))
        total = len(graded)

        def expect(want: list[Graded]) -> None:
            # Filtering follows typing after a moment.
            page.locator("#filter output", has_text=f"{len(want)} of {total} notebooks").wait_for()
            assert names(page) == [row.who for row in want]

        page.get_by_label("Text to look for").fill("LEARNER-07")
        expect([row for row in graded if row.who == "learner-07"])
        page.get_by_label("Text to look for").fill("transposed")
        expect([row for row in graded if any("transposed" in result.message for result in row.results)])
        page.get_by_label("Text to look for").fill("conda-env")
        expect([row for row in graded if any("conda-env" in note for note in row.notes)])
        page.get_by_role("button", name="Clear").click()
        expect(graded)
        page.get_by_label("Outcome", exact=True).select_option("timeout")
        late = [row for row in graded if any(result.outcome is Outcome.TIMEOUT for result in row.results)]
        expect(late)
        page.get_by_label("Lesson", exact=True).select_option("Tensors")
        expect([row for row in late if row.lesson == LESSONS[0].name])
        page.get_by_role("button", name="Clear").click()
        page.get_by_label("Outcome", exact=True).select_option("suspicious")
        expect([row for row in graded if any("suspicious" in note for note in row.notes)])

    def test_a_row_opens_by_keyboard_to_its_messages(self, show: Open) -> None:
        graded = [one("ada", Outcome.PASSED, Outcome.WRONG, message="rope: not right yet\n  got  <b>2</b>")]
        page = show(render(graded, LESSONS, sandbox=True))
        message = page.locator("#class pre")
        assert page.locator("#class .more").is_hidden()
        page.locator("#class summary").press("Enter")
        message.last.wait_for()
        assert message.last.inner_text() == "rope: not right yet\n  got  <b>2</b>"
        assert page.locator("#class .more").is_visible()

    def test_a_mark_says_its_message_under_the_pointer_and_with_the_focus(self, show: Open) -> None:
        page = show(
            render([one("ada", Outcome.PASSED, Outcome.ERROR, message="it raised")], LESSONS, sandbox=True)
        )
        tip = page.get_by_role("tooltip")
        page.locator("#class .error").hover()
        assert tip.inner_text().split() == ["attention_weights:", "error", "it", "raised"]
        page.keyboard.press("Escape")
        assert tip.is_hidden()
        page.locator("#class .error").focus()
        assert "it raised" in tip.inner_text()
        page.locator("#class .error").click()
        assert page.locator("#messages li:target pre").inner_text() == "it raised"

    def test_what_a_learner_injects_does_not_run(self, show: Open) -> None:
        page = show(render(hostile_class(), LESSONS, sandbox=True, problems=list(HOSTILE.values())))
        for summary in page.locator("#class summary").all():
            summary.click()
        page.locator("#class a.m").first.hover()
        assert page.locator("#class pre").count() == 2 * len(HOSTILE)
        assert page.evaluate("typeof hacked") == "undefined"
        assert page.locator("img").count() == 0

    def test_even_markup_that_was_not_escaped_does_not_run(self, show: Open) -> None:
        html = render([one("ada", Outcome.PASSED)], LESSONS, sandbox=True)
        attack = (
            "<script>hacked = 1</script><img src=x onerror='hacked = 1'><p style='display: none'>hidden</p>"
        )
        page = show(html.replace("<main>", f"<main>{attack}"), silent=False)
        page.locator("img").wait_for(state="attached")
        assert page.evaluate("typeof hacked") == "undefined"
        assert page.get_by_text("hidden", exact=True).is_visible()
        assert page.locator("#filter").is_visible()

    def test_without_javascript_everything_can_be_read(self, show: Open) -> None:
        graded = simulated(5)
        page = show(render(graded, LESSONS, sandbox=True), java_script_enabled=False)
        assert names(page) == [row.who for row in graded]
        assert page.locator("#filter").is_hidden()
        assert all(message.is_visible() for message in page.locator("#messages pre").all())
        page.locator("#class summary").first.click()
        assert page.locator("#class .more").first.is_visible()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [1400, 420])
    def test_it_fits_the_window(self, show: Open, scheme: str, width: int) -> None:
        html = render(simulated(40), LESSONS, sandbox=False, problems=["ada 01_tensors/01_tensors: not JSON"])
        page = show(html, color_scheme=scheme, viewport={"width": width, "height": 1000})
        page.locator("#class summary").nth(2).click()
        ARTEFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"report-{scheme}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") == width

"""The judge: a lesson and a submission in, a verdict out. A pure function of bytes.

The learner's cells run as the learner left them, given cells too, in their own order, in a learner process
(`session`). At the place of each test the *instructor's* test runs here, hidden part included, with the names it
uses bound to handles on the learner's objects; the imports it needs are made here, from the source's own import
statements, so that no broken or doctored import of the learner's can reach a check. Cells tagged `demo` and the
submission's own test cells are not run. One submission at a time in a process: sys.stdout is redirected meanwhile.
"""

from __future__ import annotations

import io
import time
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.course import CourseError
from autograder.judge import plan, walls
from autograder.judge.exam import examine, imported
from autograder.judge.remote import RemoteError
from autograder.judge.ruling import TEXT, judged, out_of_memory
from autograder.judge.sandbox import Limits
from autograder.judge.session import Session, Stop, clean
from autograder.judge.showing import error_output, notebook_outputs
from autograder.outcome import Outcome, TestResult, Verdict
from fasttrack.check.reach import LearnerError
from fasttrack.forbid import uses


def judge(
    source: bytes,
    submission: bytes,
    limits: Limits | None = None,
    *,
    sandbox: bool = True,
    warm: bool = False,
) -> Verdict:
    """Judge one submission of one lesson.

    `source` is nbgrader's source notebook, hidden tests and all; `submission` a sanitized notebook whose graded
    cells carry nbgrader's metadata. With `warm` the learner's processes are forked where that is possible. Raises
    CourseError if `source` is no notebook or no sandbox can be made; whatever the submission does is an outcome.
    """
    began = time.monotonic()
    if sandbox:
        walls.bubblewrap()
    lesson = plan.lesson(source)
    notebook = plan.parse(submission)
    if notebook is None:
        results = [
            TestResult(test.name, Outcome.MALFORMED, test.points, "the file is no notebook")
            for test in lesson.tests.values()
        ]
        return Verdict(lesson.name, tuple(results), submission, time.monotonic() - began)
    court = Court(lesson, notebook, limits or Limits(), isolated=sandbox, warm=warm)
    try:
        court.sit()
    finally:
        court.end()
    results = [court.results[grade_id] for grade_id in lesson.tests]
    text = nbformat.v4.writes(notebook).encode(errors="replace")
    seconds = time.monotonic() - began
    return Verdict(lesson.name, tuple(results), text, seconds, tuple(court.notes), court.cold_because)


class Court:
    """One submission being judged."""

    def __init__(
        self, lesson: plan.Lesson, notebook: NotebookNode, limits: Limits, *, isolated: bool, warm: bool
    ) -> None:
        self.lesson, self.limits, self.isolated, self.warm = lesson, limits, isolated, warm
        self.steps = list(plan.steps(lesson, notebook))
        self.until = time.monotonic() + limits.lesson_seconds
        self.session: Session | None = None
        self.starts = 0
        self.room = limits.lesson_output
        self.broken: dict[int, Stop] = {}  # cells that are not run again, by position
        self.raised: dict[int, LearnerError] = {}  # by position of the cell
        self.last: Stop | None = None  # what ended the process before this one
        self.results: dict[str, TestResult] = {}
        self.notes: list[str] = []
        self.cold_because = ""

    def sit(self) -> None:
        """Every step in order."""
        for at, step in enumerate(self.steps):
            step.cell.execution_count, step.cell.outputs = at + 1, []
            if step.test:
                step.cell.source = step.test.shown
                self.results[step.grade_id] = self.examine(at, step, step.test)
            else:
                self.run(at, step)
        if self.starts > 1:
            self.notes.append(f"the notebook's process was started {self.starts} times")

    def end(self) -> None:
        if self.session:
            self.session.end()

    def run(self, at: int, step: plan.Step) -> None:
        """One of the learner's cells; its outputs go into the notebook."""
        try:
            session = self.ready(at)
            shown, error = self.cell(session, step)
        except Stop as stop:
            self.broken[at] = stop
            step.cell.outputs = [error_output("Stopped", stop.message)]
            return
        step.cell.outputs = notebook_outputs(shown, step.cell.execution_count, self.limits.cell_output)
        self.room -= len(str(step.cell.outputs))
        if error:
            self.raised[at] = error
            if error.kinds[0] == "OutOfTime":
                self.broken[at] = Stop(Outcome.TIMEOUT, str(error))

    def cell(self, session: Session, step: plan.Step) -> tuple[Any, LearnerError | None]:
        session.begin(self.limits.cell_seconds)
        return session.run(step.source, max(0, min(self.limits.cell_output, self.room)))

    def ready(self, at: int) -> Session:
        """A living process that has run the cells before `at`, but for the broken ones. Raises Stop."""
        while not (self.session and self.session.alive):
            if self.session:
                self.last = self.session.stop or self.last
            if self.starts > self.limits.restarts:
                self.last = self.last or Stop(Outcome.CRASHED, "the notebook's process has ended")
                message = (
                    f"not run: the notebook's process was ended {self.starts} times, lastly: {self.last}"
                )
                raise Stop(self.last.outcome, message)
            if time.monotonic() > self.until:
                raise Stop(Outcome.TIMEOUT, "not run: the time for the whole notebook is up")
            self.start()
            self.replay(at)
        return self.session

    def start(self) -> None:
        names = {name for test in self.lesson.tests.values() for name in test.forbidden}
        self.starts += 1
        self.session = Session(
            self.limits,
            self.until,
            isolated=self.isolated,
            warm=self.warm,
            forbidden=tuple(sorted(names)),
        )
        self.cold_because = self.session.sandbox.cold_because or self.cold_because

    def replay(self, at: int) -> None:
        """Run the learner's cells before `at` in a new process; one that ends it is broken from now on."""
        assert self.session
        for earlier, step in enumerate(self.steps[:at]):
            if step.test or earlier in self.broken:
                continue
            try:
                self.cell(self.session, step)
            except Stop as stop:
                self.broken[earlier] = stop
                if not self.session.alive:
                    return

    def examine(self, at: int, step: plan.Step, test: plan.Test) -> TestResult:
        """Run one test; its outcome, also shown in its cell."""
        began = time.monotonic()
        printed = io.StringIO()
        found = self.found(test)
        error: BaseException | None = None
        outcome, message, mistake = self.forbidden_in(test)
        if outcome is Outcome.PASSED:
            try:
                session, names = self.ready(at), imported(self.lesson, test)
                session.begin(self.limits.test_seconds, test.forbidden)
                examine(test, names, session, printed)
            except CourseError:
                raise
            except (Exception, Stop) as caught:
                error = caught
            outcome, message, mistake = self.outcome(test, found, error)
        message, mistake = clean(message), clean(mistake)
        if text := clean(printed.getvalue()):
            step.cell.outputs.append(new_output("stream", name="stdout", text=text))
        if outcome is not Outcome.PASSED:
            step.cell.outputs.append(error_output(outcome.name.capitalize(), message))
        seconds = time.monotonic() - began
        return TestResult(test.name, outcome, test.points, message, mistake, seconds)

    def found(self, test: plan.Test) -> int | None:
        """The position of the exercise's cell in the submission."""
        places = (at for at, step in enumerate(self.steps) if step.grade_id == test.name and not step.test)
        return next(places, None)

    def forbidden_in(self, test: plan.Test) -> tuple[Outcome, str, str]:
        """FORBIDDEN if a cell that binds the exercise's name also names what it must not use, else PASSED for now."""
        own = [step for step in self.steps if not step.test] if test.forbidden else []
        for at, step in enumerate(own):
            if step.grade_id != test.name and test.name not in plan.defined(step.source):
                continue
            others = [earlier.source for earlier in own[:at]]
            for name, line in uses(step.source, test.forbidden, others):
                return (
                    Outcome.FORBIDDEN,
                    f"{test.name}: write it without {name} (line {line} of its cell)",
                    "",
                )
        return Outcome.PASSED, "", ""

    def outcome(
        self, test: plan.Test, found: int | None, error: BaseException | None
    ) -> tuple[Outcome, str, str]:
        """Outcome, message and named mistake of a test that ended with `error`, or without one."""
        stop = self.session.stop if self.session else None
        raised = self.session.error if self.session else None
        noticed = sorted(self.session.noticed.intersection(test.forbidden)) if self.session else []
        verdict = judged(test.name, error, stop, raised)
        if verdict[0] in (Outcome.PASSED, Outcome.WRONG) and noticed:
            return Outcome.FORBIDDEN, f"{test.name}: write it without {noticed[0]}; it was called", ""
        if verdict[0] in (Outcome.PASSED, Outcome.FORBIDDEN):
            return verdict
        undefined = (
            isinstance(error, RemoteError) and error.error.message == f"name {test.name!r} is not defined"
        )
        if undefined and found is None:
            return Outcome.MISSING, f"{test.name}: the cell of this exercise is not in the notebook", ""
        if verdict[0] in (Outcome.WRONG, Outcome.ERROR) and found is not None:
            if plan.untouched(test, self.steps[found].source):
                return Outcome.NOT_ATTEMPTED, f"not written yet: {test.name}", ""
            if undefined and found in self.broken:
                return self.broken[found].outcome, f"{test.name}: {self.broken[found].message}"[:TEXT], ""
            if undefined and found in self.raised:
                own = self.raised[found]
                kind = Outcome.MEMORY if out_of_memory(own) else Outcome.ERROR
                return kind, f"{test.name}: its cell raised an error\n{own}"[:TEXT], ""
        if error and not isinstance(error, AssertionError | RemoteError | Stop):
            self.notes.append(f"the check of {test.name} could not be completed: {error!r}"[:TEXT])
        return verdict

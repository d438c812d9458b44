"""The command `autograder`: what an author and an instructor type."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from autograder.course import Course, CourseError

app = typer.Typer(
    name="autograder",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build the lessons, test their tests, grade a class. Run it inside the course's repository.",
)
out, err = Console(), Console(stderr=True)

Lessons = Annotated[
    list[str] | None,
    typer.Argument(help="Lessons or units, as in 01_tensors/01_tensors or 01_tensors; all by default."),
]


@contextmanager
def explained() -> Iterator[None]:
    """Show a CourseError as its message and leave with status 2."""
    try:
        yield
    except CourseError as error:
        err.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None


class Rate(ProgressColumn):
    """How many are done a minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed * 60:.0f}/min" if task.speed else "")


@contextmanager
def progress(what: str, total: int) -> Iterator[Progress]:
    """A progress bar on the terminal, with rate and time left; nothing where nobody watches."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        bar.add_task(what, total=total)
        yield bar


@app.command("build")
def build_command(
    lessons: Lessons = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a built file is out of date.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Execute again what has not changed.")] = False,
) -> None:
    """Build notebooks/ (released), the course text and solutions/*.ipynb (executed) from solutions/*.py."""
    from autograder import build  # imports nbgrader, which takes a second

    with explained():
        course = Course.here()
        names = course.lessons(lessons)
        if check:
            stale = list(build.check(course, names))
            for file in stale:
                err.print(
                    f"{relative(course, file.path)}: {file.why}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
            if stale:
                err.print("out of date: run `make build` and commit what it changes", style="red")
                raise typer.Exit(1)
            out.print(f"{len(names)} lessons, every built file matches its source", highlight=False)
            return
        with progress("building", len(names)) as bar:
            written = build.build(course, names, lambda _: bar.advance(bar.task_ids[0]), force=force)
        for path in written:
            out.print(f"wrote {relative(course, path)}", markup=False, highlight=False, soft_wrap=True)
        out.print(f"{len(names)} lessons, {len(written)} files written", highlight=False)


@app.command("gate")
def gate_command(lessons: Lessons = None) -> None:
    """Test the tests: right answers pass, wrong ones fail with the hint that names their mistake."""
    from autograder.gate import gate

    with explained():
        course = Course.here()
        reports = [gate.run(course, name) for name in course.lessons(lessons)]
    for report in reports:
        out.print(gate.table(report))
    for finding in (finding for report in reports for finding in report.findings):
        err.print(str(finding), style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if all(report.clean for report in reports) else 1)


@app.command("mutate")
def mutate_command(
    lessons: Lessons = None,
    least: Annotated[float, typer.Option(help="Fail below this share of caught mutants.")] = 0.95,
) -> None:
    """Make small faults in the reference answers and count how many the tests catch."""
    from autograder.gate import mutate

    with explained():
        course = Course.here()
        scores = [mutate.run(course, name) for name in course.lessons(lessons)]
    for score in scores:
        for survivor in score.survivors:
            out.print(
                f"survived: {survivor.name}\n{survivor.diff}\n", markup=False, highlight=False, soft_wrap=True
            )
        out.print(mutate.table(score))
        for finding in score.findings:
            err.print(str(finding), style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if all(score.share >= least and not score.findings for score in scores) else 1)


@app.command("simulate")
def simulate_command(
    learners: Annotated[int, typer.Option(help="How many learners hand in.", min=1)] = 6,
    seed: Annotated[int, typer.Option(help="The same seed draws the same class.")] = 0,
    lessons: Lessons = None,
) -> None:
    """Draw a class from the answer banks into autograder/submitted/, with the true score of each."""
    from autograder.grading import simulate

    with explained():
        course = Course.here()
        truth = simulate.simulate(course, course.lessons(lessons), learners, seed)
        out.print(f"{len(truth)} submissions in {relative(course, simulate.folder(course))}", highlight=False)


@app.command("grade")
def grade_command(
    lessons: Lessons = None,
    regrade: Annotated[bool, typer.Option("--regrade", help="Grade again what is already graded.")] = False,
    workers: Annotated[int, typer.Option(help="Processes that judge.", min=1)] = os.cpu_count() or 1,
    scheduler: Annotated[str, typer.Option(help="A running dask scheduler, as tcp://host:8786.")] = "",
    db: Annotated[
        str, typer.Option(help="The gradebook's SQLAlchemy URL; SQLite in autograder/ by default.")
    ] = "",
    sandbox: Annotated[bool, typer.Option(help="Run learners' code inside bubblewrap.")] = True,
    warm: Annotated[
        bool,
        typer.Option("--warm/--cold", help="Fork each learner's process from one that is ready, or not."),
    ] = True,
    feedback: Annotated[bool, typer.Option(help="Write feedback for each learner.")] = True,
) -> None:
    """Grade every submission in autograder/submitted/: gradebook, feedback, report, CSV and a table.

    What was graded before is skipped unless it changed. Exit status: 0 graded, 1 something was not, 2 nothing
    could be, 130 interrupted; run it again to go on.
    """
    from autograder.build import replace
    from autograder.grading import batch, record, report, simulate, summary
    from autograder.grading.submissions import submissions, unknown
    from autograder.lesson import read

    with explained():
        course = Course.here()
        names = course.lessons(lessons)
        wanted = submissions(course, names)
        options = batch.Options(
            db, scheduler, workers, sandbox=sandbox, warm=warm, regrade=regrade, feedback=feedback
        )
        with progress("grading", len(wanted)) as bar:
            done = batch.grade(
                course,
                wanted,
                options,
                lambda count, of: bar.update(bar.task_ids[0], completed=count, total=of),
            )
        with record.opened(course, db) as gradebook:
            scores = gradebook.scores()
            # Whom an instructor took out of the gradebook is out of the tables, too.
            graded = [one for one in gradebook.store.load() if (one.who, one.lesson) in scores]
        truth = simulate.truth(course)
        wrong = [*done.problems, *summary.problems(graded, scores, truth)]
        read_lessons = [read(course.source(name), name) for name in names]
        page = report.render(graded, read_lessons, sandbox=sandbox, problems=wrong)
        files = {
            "grades.csv": summary.grades_csv(graded, scores),
            "outcomes.csv": summary.outcomes_csv(graded),
            "report/index.html": page,
        }
        for name, text in files.items():
            replace(course.grading / name, text)
    out.print(summary.table(graded, scores, truth))
    for name in (*([] if db else ["gradebook.db"]), *(["feedback"] if feedback else []), *files):
        out.print(relative(course, course.grading / name), highlight=False)
    for path in unknown(course):
        err.print(
            f"not graded, no lesson of this course: submitted/{path}",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    out.print(f"{done.graded} graded, {done.skipped} as before", highlight=False)
    for why, count in done.cold.items():
        err.print(
            f"{count} graded from a cold start, which takes longer: {why}",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    for problem in wrong:
        err.print(problem, style="red", markup=False, highlight=False, soft_wrap=True)
    if done.interrupted:
        err.print("interrupted: run the same command again to grade the rest", style="red")
        raise typer.Exit(130)
    raise typer.Exit(1 if wrong else 0)


def relative(course: Course, path: Path) -> str:
    """A path as seen from the course's root."""
    return str(path.relative_to(course.root))


if __name__ == "__main__":
    app()

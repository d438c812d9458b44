"""The command `autograder`: what an author and an instructor type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

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


@contextmanager
def progress(what: str, total: int) -> Iterator[Progress]:
    """A progress bar on the terminal, with the count and the time; nothing where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
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
    """Build notebooks/ (released) and solutions/*.ipynb (executed) from solutions/*.py."""
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
    from autograder import gate

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
    from autograder import mutate

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
    from autograder import simulate

    with explained():
        course = Course.here()
        truth = simulate.simulate(course, course.lessons(lessons), learners, seed)
        out.print(f"{len(truth)} submissions in {relative(course, simulate.folder(course))}", highlight=False)


@app.command("grade")
def grade_command() -> None:
    """Grade every submission in autograder/submitted/: gradebook, feedback, CSV and a table."""
    from autograder import grade

    with explained():
        course = Course.here()
        submissions = grade.submissions(course)
        with progress("grading", len(submissions)) as bar:
            graded = grade.grade(course, submissions, lambda _: bar.advance(bar.task_ids[0]))
        out.print(grade.table(graded))
        out.print(f"gradebook  {relative(course, course.grading / 'gradebook.db')}", highlight=False)
        out.print(f"feedback   {relative(course, course.grading / 'feedback')}", highlight=False)
        out.print(f"scores     {relative(course, course.grading / 'grades.csv')}", highlight=False)
        for problem in grade.problems(graded):
            err.print(problem, style="red", markup=False, highlight=False, soft_wrap=True)
        if grade.problems(graded):
            raise typer.Exit(1)


def relative(course: Course, path: Path) -> str:
    """A path as seen from the course's root."""
    return str(path.relative_to(course.root))


if __name__ == "__main__":
    app()

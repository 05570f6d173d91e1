"""The command `wirkraum`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Wirkraum, the indicator warehouse of a municipality.\n\n"
    "A municipality is a folder: `wirkraum init mytown` makes one, departments drop their files "
    "into `mytown/deliveries/`, `wirkraum run mytown` does the rest.",
)

Folder = Annotated[
    Path,
    typer.Argument(
        help="The municipality's folder, such as examples/musterstadt.", metavar="MUNICIPALITY"
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="Only what was known on this day, such as 2023-06-30."
    ),
]


def main() -> None:
    """Entry point: runs the command and turns expected failures into one clear message."""
    from exports.release import LedgerDamaged, LedgerMissing, ReleaseChanged
    from orchestration.declarations.tree import DeclarationError
    from orchestration.run import RunError
    from orchestration.warehouse import WarehouseError

    expected = (
        DeclarationError,
        RunError,
        WarehouseError,
        LedgerMissing,
        LedgerDamaged,
        ReleaseChanged,
        FileNotFoundError,
        FileExistsError,
        PermissionError,
        OSError,
        KeyError,
    )
    try:
        app()
    except expected as error:
        text = f"{error.args[0]} is not set" if isinstance(error, KeyError) else str(error)
        Console(stderr=True).print(f"[red]wirkraum:[/] {text}", highlight=False, soft_wrap=True)
        raise SystemExit(1) from None


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder, such as mytown.")],
) -> None:
    """Make a small municipality that runs at once, to be changed file by file.

    Example: wirkraum init mytown && wirkraum run mytown
    """
    from orchestration.template import create

    create(folder)
    console = Console()
    console.print(f"Made {folder}. Next: wirkraum run {folder}; then read {folder}/README.md.")


@app.command()
def check(folder: Folder) -> None:
    """Check the declarations and say everything that is wrong, without running anything.

    Example: wirkraum check examples/musterstadt
    """
    from orchestration.declarations.tree import read_declarations

    found = read_declarations(folder)
    Console().print(
        f"{found.municipality.name.de}: {len(found.sources)} sources, "
        f"{len(found.measures)} measures, {len(found.indicators)} indicators, "
        f"{len(found.goals)} goals, {len(found.services)} services, "
        f"{len(found.programmes)} programmes. No problems."
    )


@app.command()
def run(
    folder: Folder,
    select: Annotated[
        str | None,
        typer.Option(
            help="Only these assets, in Dagster's words: 'key:deliveries/kita' or 'group:marts'."
        ),
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Take in deliveries, compute, look ahead, mark, publish and release.

    Examples: wirkraum run examples/musterstadt; wirkraum run mytown --as-of 2023-12-31
    """
    from orchestration.report import show
    from orchestration.run import run as run_city

    console = Console()
    day = None if as_of is None else as_of.date()
    outcome = run_city(folder, select=select, as_of=day, console=console)
    show(outcome, console)
    if day is not None:
        console.print(
            f"Rebuilt as known on {day}: deliveries of that day, with today's declarations."
        )


@app.command()
def explain(
    indicator: Annotated[str, typer.Argument(help="An indicator's id, such as einwohner.")],
    municipality: Annotated[
        Path,
        typer.Option(
            "--municipality",
            "-m",
            envvar="WIRKRAUM_MUNICIPALITY",
            help="The municipality's folder.",
        ),
    ] = Path(),
    area: Annotated[str | None, typer.Option(help="An area's code, such as 0201.")] = None,
    period: Annotated[
        str | None, typer.Option(help="A year or the first day of a period: 2018 or 2018-03-01.")
    ] = None,
    group: Annotated[str, typer.Option(help="A group, such as geschlecht=w.")] = "all",
    language: Annotated[str, typer.Option(help="de or en.")] = "de",
) -> None:
    """Say what an indicator means and which deliveries and rows made a number.

    Example: wirkraum explain einwohner -m examples/musterstadt --area 0201 --period 2018
    """
    from orchestration.explain import explain as tell
    from orchestration.place import Place

    text = tell(Place(municipality), indicator, area, period, group, language)
    Console().print(text, highlight=False, markup=False, soft_wrap=True)


@app.command()
def rollback(folder: Folder) -> None:
    """Bring back the published warehouse from before the last run; a second call undoes it.

    Example: wirkraum rollback examples/musterstadt
    """
    from exports.publish import rollback as bring_back
    from orchestration.place import Place

    place = Place(folder)
    bring_back(place.published_warehouse)
    (place.build / "state.json").unlink(missing_ok=True)
    Console().print(f"{place.published_warehouse} is the one before the last run again.")


@app.command()
def ui(
    folder: Folder,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Open the graph in the browser, on this machine only.

    Example: wirkraum ui examples/musterstadt
    """
    from orchestration.ui import serve

    serve(folder, port)


if __name__ == "__main__":
    main()

"""The command `wirkraum`."""

import gc
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from orchestration.effects.commands import app as effect_app
from orchestration.forecast.commands import app as forecast_app
from orchestration.propose.commands import app as source_app
from orchestration.scenarios.commands import app as scenario_app
from orchestration.workbook.commands import app as workbook_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Wirkraum, the indicator warehouse of a municipality.\n\n"
    "A municipality is a folder: `wirkraum init mytown` makes one, departments drop their files "
    "into `mytown/deliveries/`, `wirkraum run mytown` does the rest.",
)

app.add_typer(forecast_app, name="forecast")
app.add_typer(scenario_app, name="scenario")
app.add_typer(effect_app, name="effect")
app.add_typer(source_app, name="source")
app.add_typer(workbook_app, name="workbook")

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
    from orchestration.aggregate import AggregateError
    from orchestration.declarations.tree import DeclarationError
    from orchestration.propose.sniff import CannotPropose
    from orchestration.run import RunError
    from orchestration.warehouse import WarehouseError
    from orchestration.workbook.cells import WorkbookError

    expected = (
        AggregateError,
        CannotPropose,
        DeclarationError,
        RunError,
        WarehouseError,
        WorkbookError,
        LedgerMissing,
        LedgerDamaged,
        ReleaseChanged,
        FileNotFoundError,
        FileExistsError,
        PermissionError,
        OSError,
        KeyError,
    )
    # A run loads a million objects that stay; looking through them again and again costs a tenth.
    gc.set_threshold(100_000, 20, 100)
    try:
        app()
    except expected as error:
        text = f"{error.args[0]} is not set" if isinstance(error, KeyError) else str(error)
        Console(stderr=True).print(
            f"[red]wirkraum:[/] {escape(text)}", highlight=False, soft_wrap=True
        )
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
        f"{len(found.programmes)} programmes, {len(found.scenarios)} scenarios. No problems."
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
def retain(
    folder: Folder,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day whose deletions are due; else today."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go and delete nothing.")
    ] = False,
) -> None:
    """Delete originals and quarantined lines whose retention is over; a tombstone stays of each.

    Example: wirkraum retain examples/musterstadt --dry-run
    """
    from orchestration.city import City
    from orchestration.retention import retain as delete_due
    from orchestration.run import alone

    # A deletion is due by the calendar: this is the one place that asks the clock.
    day = (on or datetime.now()).date()  # noqa: TID251
    city = City.open(folder)
    with alone(city.place):
        found = delete_due(city.declarations, city.place, day, dry=dry_run)
    console = Console()
    for one in found:
        name = one.delivery_id or f"a file of {one.source_id or 'no known source'} nobody has read"
        files = f"{len(one.files)} file{'s' if len(one.files) != 1 else ''}"
        console.print(
            f"{'due' if dry_run else 'deleted'}: {name}, {files}, since {one.due} ({one.rule})",
            highlight=False,
            soft_wrap=True,
        )
    verb = "would be deleted" if dry_run else "deleted"
    console.print(f"{sum(len(one.files) for one in found)} files {verb} as of {day}.")


Form = Annotated[
    str, typer.Option("--format", help="table (for the terminal) or markdown (plain text).")
]


def _show(markdown: str, form: str) -> None:
    from rich.markdown import Markdown

    if form not in ("table", "markdown"):
        raise typer.BadParameter(f"{form!r} is neither table nor markdown", param_hint="--format")
    if form == "markdown":
        typer.echo(markdown, nl=False)
    else:
        Console().print(Markdown(markdown))


@app.command()
def datenschutz(folder: Folder, form: Form = "table") -> None:
    """Print from the contracts who sees what, for which purpose, by which law, for how long.

    Example: wirkraum datenschutz mytown --format markdown > verzeichnis.md
    """
    from orchestration.declarations.tree import read_declarations
    from orchestration.processing import processing_record

    _show(processing_record(read_declarations(folder)), form)


@app.command()
def burden(folder: Folder, form: Form = "table") -> None:
    """List what deliveries cost the departments, facts asked for twice, indicators nobody used.

    Example: wirkraum burden examples/musterstadt
    """
    from orchestration.burden import burden_report
    from orchestration.declarations.tree import read_declarations
    from orchestration.ingest import lake
    from orchestration.place import Place

    _show(burden_report(read_declarations(folder), lake.ledger(Place(folder))), form)


@app.command()
def aggregate(
    folder: Folder,
    source: Annotated[str, typer.Argument(help="The source whose contract reads the file.")],
    file: Annotated[Path, typer.Argument(help="The case list or table, named as always.")],
    out: Annotated[Path, typer.Option(help="Where the counts go, such as counts.csv.")],
) -> None:
    """Count a file inside the department, so that its rows need never travel.

    Writes the counts and, beside them, the contract by which Wirkraum reads them.

    Example: wirkraum aggregate contracts hilfen Faelle_2024.csv --out counts.csv
    """
    import signal

    from orchestration.aggregate import aggregate as count
    from orchestration.declarations.tree import read_declarations

    # Ended from outside, too, the temporary copy of the rows has to go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    done = count(read_declarations(folder), source, file, out)
    console = Console(highlight=False, soft_wrap=True)
    entry = done.entry
    console.print(
        f"{entry.rows_in} rows in, {entry.rows_accepted} counted, "
        f"{entry.rows_quarantined} set aside."
    )
    for reason, number, rows in entry.reasons:
        console.print(f"Set aside: {reason} ({number}: {rows})", markup=False)
    for note in entry.notes:
        console.print(f"Noticed: {note}", markup=False)
    console.print(f"{done.cells} counts: {done.counts}")
    if done.limited:
        console.print(f"{done.limited} of them are not final and stand in parentheses.")
    console.print(f"Contract for the receiving side, as sources/{source}.yml: {done.contract}")
    console.print(
        f"Not yet protected: {done.small} counts are between 1 and 4 and may tell of single "
        "people. Send them over a protected way only; what is published is protected later."
    )


@app.command()
def deliveries(
    folder: Folder,
    source: Annotated[str | None, typer.Option(help="Only those of one source.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the newest; with --show only the first rows.")
    ] = None,
    show: Annotated[
        str | None,
        typer.Option(help="The rows set aside from one delivery: its id or the beginning of it."),
    ] = None,
    unmask: Annotated[
        bool, typer.Option("--unmask", help="Show protected contents; who did so is recorded.")
    ] = False,
) -> None:
    """List all deliveries: state, checks and what each changed against the ones before it.

    Examples: wirkraum deliveries mytown --source kita; wirkraum deliveries mytown --show 8421af
    """
    import getpass
    from datetime import UTC

    from orchestration import deliveries as known
    from orchestration.declarations.tree import read_declarations
    from orchestration.place import Place

    place, console = Place(folder), Console(highlight=False)
    if show is None:
        known.print_list(known.listed(place, source, limit), console)
        return
    entry = known.find(place, show)
    contract = read_declarations(folder).sources.get(entry.source_id)
    guarded = known.needs_mask(contract)
    if guarded and unmask:
        # A look at protected contents has a moment: the clock tells it, no data depends on it.
        known.note_unmasked(place, entry, getpass.getuser(), datetime.now(tz=UTC))  # noqa: TID251
    rows = known.set_aside(place, entry, contract, unmask=unmask)
    words = known.shown_words(contract) if guarded and not unmask else None
    known.print_set_aside(entry, rows, console, words=words, limit=limit)


@app.command()
def rollback(folder: Folder) -> None:
    """Bring back warehouse and outlines from before the last run; a second call undoes it.

    Example: wirkraum rollback examples/musterstadt
    """
    from exports.publish import rollback as bring_back
    from orchestration.place import Place

    place = Place(folder)
    bring_back(place.published_warehouse, place.published_areas)
    (place.build / "state.json").unlink(missing_ok=True)
    Console().print(f"{place.published_warehouse} is the one before the last run again.")


@app.command()
def docs(folder: Folder) -> None:
    """Write one page about all tables and columns, in German and English (dbt docs).

    Example: wirkraum docs examples/musterstadt
    """
    from orchestration.place import Place
    from orchestration.run import alone
    from orchestration.warehouse import document

    place = Place(folder)
    with alone(place):
        page = document(place)
    Console().print(f"{page}: open it in a browser.", soft_wrap=True)


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

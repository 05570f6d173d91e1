"""The table a run ends with, in words a data officer can pass on."""

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.place import Place
from orchestration.run import Outcome


def show(outcome: Outcome, console: Console) -> None:
    """Print what came in, what was set aside and why, what was computed, marked, released."""
    city = outcome.city
    if outcome.rebuilt:
        console.print("A run before this one broke off; the warehouse was rebuilt from the lake.")
    _deliveries(outcome, console)
    for intake in city.intakes.values():
        for words in intake.unreached:
            console.print(
                f"[yellow]Not reached:[/] {intake.source_id}: {escape(words)}", highlight=False
            )
        for name, other in intake.copies:
            console.print(f"[yellow]Left alone:[/] {name} is a copy of {other}.", highlight=False)
        for name in intake.unmatched:
            console.print(f"[yellow]Left alone:[/] deliveries/{name} fits no layout of its source.")
    if not outcome.computed:
        console.print(
            "[bold]Nothing new:[/] the published state already shows everything delivered."
        )
    if city.place.published_warehouse.exists():
        _published(city.place, console)
    if city.corrected:
        state = {"applied": "applied", "fixed": "fixed upstream", "not_known_yet": "not known yet"}
        said = ", ".join(f"{count:,} {state[verdict]}" for verdict, count in city.corrected)
        console.print(f"Corrections (corrections.csv): {said}")
    for audience, folder, is_new, suppressed in city.released:
        news = "new" if is_new else "unchanged"
        console.print(
            f"Release {audience} ({news}, {suppressed} small values withheld): {folder}",
            soft_wrap=True,
        )
    console.print(f"Warehouse for analysts: {city.place.published_warehouse}", soft_wrap=True)


def _deliveries(outcome: Outcome, console: Console) -> None:
    city = outcome.city
    table = Table("source", "new", "known", "rows in", "accepted", "set aside")
    for source_id, intake in city.intakes.items():
        new = intake.new
        table.add_row(
            source_id,
            str(len(new)),
            str(intake.known),
            f"{sum(entry.rows_in for entry in new):,}",
            f"{sum(entry.rows_accepted for entry in new):,}",
            f"{sum(entry.rows_quarantined for entry in new):,}",
        )
    if city.intakes:
        console.print(table)
    new = [entry for intake in city.intakes.values() for entry in intake.new]
    aside = [
        f"{entry.file_name}: {reason} ({count} {'row' if count == 1 else 'rows'}: {rows})"
        for entry in new
        for reason, count, rows in entry.reasons
    ]
    aside += [
        f"{entry.file_name}: {note}"
        for entry in new
        if entry.state == "rejected" and not entry.reasons
        for note in entry.notes
    ]
    _list("Set aside", aside, console)
    notes = [
        f"{entry.file_name}: {note}"
        for entry in new
        if entry.state != "rejected"
        for note in entry.notes
        if not note.endswith(_ORDINARY)
    ]
    _list("Noticed", notes, console)
    # What failed a critical check stands among what was set aside.
    asked: dict[str, list[str]] = {}
    for check, file, level, words in city.failed_checks:
        if level == "warning":
            asked.setdefault(check, []).append(f"{file}: {words}")
    for check in sorted(asked, key=lambda one: (len(asked[one]), one)):
        _list("Asked", asked[check], console)


_ORDINARY = ("footnotes not read", "empty line(s)")


def _list(title: str, lines: list[str], console: Console, most: int = 10) -> None:
    for line in lines[:most]:
        console.print(f"[yellow]{title}:[/] {escape(line)}", highlight=False, soft_wrap=True)
    if len(lines) > most:
        console.print(f"[yellow]{title}:[/] … and {len(lines) - most} more of this kind")


def _published(place: Place, console: Console) -> None:
    with duckdb.connect(str(place.published_warehouse), read_only=True) as connection:

        def number(query: str) -> int:
            row = connection.sql(query).fetchone()
            return int(row[0]) if row else 0

        table = Table("published", "count", "of which")
        statuses = connection.sql(
            "select status, count(*) from marts.indicator_value group by 1 order by 2 desc"
        ).fetchall()
        table.add_row("indicators", f"{number('select count(*) from marts.indicator'):,}", "")
        table.add_row(
            "values",
            f"{sum(count for _, count in statuses):,}",
            ", ".join(f"{count:,} {status}" for status, count in statuses),
        )
        forecasts = number(
            "select count(distinct (indicator_id, area_version, area_id, group_id, grain)) "
            "from marts.forecast where quantile is not null and model <> 'nowcast'"
        )
        refused = connection.sql(
            "select reason_en, count(*) from marts.forecast where quantile is null "
            "group by 1 order by 2 desc, 1 limit 2"
        ).fetchall()
        refusals = number("select count(*) from marts.forecast where quantile is null")
        table.add_row(
            "series looked ahead",
            f"{forecasts:,}",
            f"{refusals:,} refused: " + "; ".join(f"{reason} ({n}×)" for reason, n in refused)
            if refusals
            else "",
        )
        growing = number(
            "select count(distinct (indicator_id, area_version, area_id, group_id, period_start)) "
            "from marts.forecast where quantile is not null and model = 'nowcast'"
        )
        if growing:
            table.add_row("counts still growing", f"{growing:,}", "nowcast beside the value")
        signs = connection.sql(
            "select sign || ' ' || severity, count(*) from marts.mark group by 1 order by 1"
        ).fetchall()
        table.add_row(
            "marks",
            f"{sum(count for _, count in signs):,}",
            ", ".join(f"{count:,} {sign}" for sign, count in signs),
        )
        console.print(table)
        differing = connection.sql(
            "select measure_id || ' ' || year(period_start) || ': ' || text_en "
            "from marts.control_total where verdict = 'differs' "
            "order by abs(difference / nullif(control_value, 0)) desc nulls last, 1"
        ).fetchall()
        _list("Two departments differ", [words for (words,) in differing], console)

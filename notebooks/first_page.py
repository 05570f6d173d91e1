"""The first page of a city's warehouse: one indicator with its interval, its marks and its limits.

`marimo run notebooks/first_page.py -- --warehouse mytown/var/published/warehouse.duckdb`
opens another city; `--indicator hze_rate --area 0101` says what it begins with.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Wirkraum")


@app.cell
def _():
    from pathlib import Path

    import duckdb
    import marimo as mo

    return Path, duckdb, mo


@app.cell
def _(Path, duckdb, mo):
    # A run replaces the published file as a whole: this session keeps the state it has opened.
    default = "examples/musterstadt/var/published/warehouse.duckdb"
    warehouse = Path(mo.cli_args().get("warehouse") or default)
    mo.stop(
        not warehouse.is_file(),
        mo.md(
            f"**{warehouse}** gibt es nicht; `make demo` legt es an. / is not there; `make demo` "
            "makes it. Ein anderes / another one: `-- --warehouse PATH`"
        ),
    )
    city = duckdb.connect(str(warehouse), read_only=True)
    return city, warehouse


@app.cell
def _(city, mo):
    names = city.sql(
        "select distinct indicator.name_de || ' / ' || indicator.name_en, indicator_id "
        "from marts.indicator as indicator join views.latest_value using (indicator_id) "
        "order by all"
    ).fetchall()
    wanted = mo.cli_args().get("indicator")
    indicator = mo.ui.dropdown(
        dict(names),
        value=next((label for label, name in names if name == wanted), names[0][0]),
        label="Kennzahl / indicator",
        searchable=True,
    )
    indicator
    return (indicator,)


@app.cell
def _(city, indicator, mo):
    meaning_de, meaning_en, caveats_de, caveats_en, not_de, not_en, gaming_de = city.execute(
        "select meaning_de, meaning_en, caveats_de, caveats_en, not_meant_for_de, "
        "not_meant_for_en, gaming_de from marts.indicator where indicator_id = ?",
        [indicator.value],
    ).fetchone()
    mo.md(
        f"# {indicator.selected_key}\n\n{meaning_de} / *{meaning_en}*\n\n"
        f"- Zu beachten / caveats: {caveats_de or '–'} / *{caveats_en or '–'}*\n"
        f"- Nicht gedacht für / not meant for: {not_de or '–'} / *{not_en or '–'}*\n"
        f"- Wie sie sich schönen ließe / how it could be gamed: {gaming_de or '–'}"
    )
    return


@app.cell
def _(city, indicator, mo):
    areas = city.execute(
        "select area_name || ' (' || level || ' ' || area_id || ')', "
        "{'area_system': area_system, 'area_version': area_version, 'area_id': area_id} "
        "from views.latest_value where indicator_id = ? and group_id = 'all' "
        "and not is_unassigned order by level_rank desc, area_name, area_id",
        [indicator.value],
    ).fetchall()
    # A code like 0101 arrives from the command line as the number 101.
    place = str(mo.cli_args().get("area") or "").lstrip("0")
    area = mo.ui.dropdown(
        dict(areas),
        value=next(
            (label for label, one in areas if one["area_id"].lstrip("0") == place), areas[0][0]
        ),
        label="Gebiet / area",
        searchable=True,
    )
    area
    return (area,)


@app.cell
def _(area, city, indicator):
    values = city.execute(
        "select value.period_start, value.grain, value.value, value.low, value.high, value.unit, "
        "value.status, value.reason, value.as_of, mark.marks "
        "from marts.indicator_value as value "
        "join marts.indicator_value_mark as mark using (indicator_id, area_system, area_version, "
        "area_id, period_start, grain, group_id) "
        "where indicator_id = ? and area_system = ? and area_version = ? and area_id = ? "
        "and group_id = 'all' and grain = (select any_value(grain) from views.latest_value "
        "where indicator_id = value.indicator_id and area_system = value.area_system "
        "and area_id = value.area_id) order by period_start",
        [indicator.value, *area.value.values()],
    ).pl()
    return (values,)


@app.cell
def _(mo, values):
    # Value and interval of every period, drawn by hand: no library, nothing from the network.
    known = values.filter(values["value"].is_not_null())
    mo.stop(
        known.is_empty(), mo.md("Kein Wert bekannt; die Gründe stehen unten. / No value known.")
    )
    top = max(known["value"].max(), known["high"].max() or 0) or 1
    step = 640 / max(values.height, 1)
    marks_of = []
    for position, row in enumerate(values.iter_rows(named=True)):
        x = 40 + step * (position + 0.5)
        if row["value"] is not None:
            y = 200 - 180 * row["value"] / top
            if row["low"] is not None:
                low, high = (200 - 180 * row[side] / top for side in ("low", "high"))
                marks_of.append(
                    f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" '
                    'stroke="#7a7a7a" stroke-width="3"/>'
                )
            fill = "#1f4e79" if row["status"] == "observed" else "white"
            marks_of.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="#1f4e79"/>'
            )
        if position % max(1, values.height // 12) == 0:
            marks_of.append(
                f'<text x="{x:.1f}" y="220" font-size="11" text-anchor="middle">'
                f"{row['period_start']:%Y-%m}</text>"
            )
    unit = values["unit"][0]
    chart = mo.Html(
        '<svg viewBox="0 0 700 230" role="img" aria-label="Werte mit Bereich">'
        f'<text x="2" y="16" font-size="11">{top:,.1f} {unit}</text>'
        '<text x="2" y="204" font-size="11">0</text>'
        f'<line x1="40" x2="690" y1="200" y2="200" stroke="black"/>{"".join(marks_of)}</svg>'
    )
    mo.vstack(
        [
            chart,
            mo.md(
                "Strich: 95-%-Bereich, hohler Punkt: nicht abschließend beobachtet. / Bar: 95 % "
                "interval, hollow point: not finally observed."
            ),
        ]
    )
    return (chart,)


@app.cell
def _(mo, values):
    mo.ui.table(values, selection=None, page_size=12)
    return


@app.cell
def _(area, city, indicator, mo):
    questions = city.execute(
        "select sign, severity, text_de, text_en, question_de, question_en, count(*) as values, "
        "min(period_start) as first_period, max(period_start) as last_period "
        "from marts.mark where indicator_id = ? and area_system = ? and area_version = ? "
        "and area_id = ? and group_id = 'all' group by all order by all",
        [indicator.value, *area.value.values()],
    ).pl()
    mo.vstack(
        [
            mo.md("## Merkzeichen und Fragen / marks and questions"),
            mo.ui.table(questions, selection=None, page_size=8)
            if questions.height
            else mo.md("Keine zu diesem Gebiet. / None on this area."),
        ]
    )
    return (questions,)


if __name__ == "__main__":
    app.run()

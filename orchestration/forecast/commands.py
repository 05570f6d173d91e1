"""The commands `wirkraum forecast …`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Looks ahead: what they stand on, how they fared.")


@app.command()
def explain(
    indicator: Annotated[str, typer.Argument(help="An indicator's id, such as einwohner.")],
    area: Annotated[
        str | None,
        typer.Argument(help="An area's code or name, such as 0201; without one the whole."),
    ] = None,
    municipality: Annotated[
        Path,
        typer.Option(
            "--municipality",
            "-m",
            envvar="WIRKRAUM_MUNICIPALITY",
            help="The municipality's folder.",
        ),
    ] = Path(),
    group: Annotated[str, typer.Option(help="A group, such as geschlecht=w.")] = "all",
    grain: Annotated[
        str | None,
        typer.Option(help="month, quarter, half_year or year; else the longest looked ahead at."),
    ] = None,
    chart: Annotated[
        Path | None, typer.Option(help="Draw it into this file, such as outlook.svg.")
    ] = None,
    language: Annotated[str, typer.Option(help="de or en.")] = "de",
) -> None:
    """Say what a look ahead stands on, how it is made, how wrong it was, what would change it.

    Example: wirkraum forecast explain einwohner 0201 -m examples/musterstadt --chart outlook.svg
    """
    from orchestration.forecast.chart import svg
    from orchestration.forecast.series import read
    from orchestration.forecast.tell import manner_of, told
    from orchestration.place import Place

    if chart is not None and chart.suffix.lower() != ".svg":
        raise typer.BadParameter(f"{chart} should end in .svg", param_hint="--chart")
    look = read(Place(municipality), indicator, area, group, grain)
    manner = manner_of(look, language)
    text = told(look, manner)
    if chart is not None:
        chart.write_text(svg(look, manner), encoding="utf-8")
        text += f"\n\n{manner.say('chart')}: {chart}"
    Console().print(text, highlight=False, markup=False, soft_wrap=True)


@app.command()
def record(
    indicator: Annotated[
        str | None, typer.Argument(help="An indicator's id, such as hze_rate; else all.")
    ] = None,
    municipality: Annotated[
        Path,
        typer.Option(
            "--municipality",
            "-m",
            envvar="WIRKRAUM_MUNICIPALITY",
            help="The municipality's folder.",
        ),
    ] = Path(),
    language: Annotated[str, typer.Option(help="de or en.")] = "de",
) -> None:
    """Say how often published looks ahead held, and how far they usually were off.

    Example: wirkraum forecast record hze_rate -m examples/musterstadt
    """
    from orchestration.forecast.past import past_forecasts
    from orchestration.place import Place

    text = past_forecasts(Place(municipality), indicator, language)
    Console().print(text, highlight=False, markup=False, soft_wrap=True)

"""The commands `wirkraum effect …`."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="What programmes may have changed, and why so.")


@app.callback()
def effect() -> None:
    """What programmes may have changed, and why so."""


@app.command()
def explain(
    programme: Annotated[str, typer.Argument(help="A programme's id, such as radsicher.")],
    indicator: Annotated[str, typer.Argument(help="One of its indicators.")],
    municipality: Annotated[
        Path,
        typer.Option(
            "--municipality",
            "-m",
            envvar="WIRKRAUM_MUNICIPALITY",
            help="The municipality's folder.",
        ),
    ] = Path(),
    language: Annotated[Literal["de", "en"], typer.Option(help="de or en.")] = "de",
) -> None:
    """Say what was compared, which word follows, and draw how it would have gone on.

    Example: wirkraum effect explain radsicher fahrraddiebstahl_rate -m examples/musterstadt
    """
    from orchestration.effects.explain import explain_effect
    from orchestration.place import Place

    text = explain_effect(Place(municipality), programme, indicator, language)
    Console().print(text, highlight=False, markup=False, soft_wrap=True)

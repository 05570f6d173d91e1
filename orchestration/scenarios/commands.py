"""The commands `wirkraum scenario …`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    no_args_is_help=True,
    help="What could become of something, under assumptions that somebody owns.\n\n"
    "A scenario is a file in `scenarios/`: a question, assumptions with range, source and owner, "
    "alternatives, and which observed value would refute it. `wirkraum run` computes it.",
)

Municipality = Annotated[
    Path,
    typer.Option(
        "--municipality", "-m", envvar="WIRKRAUM_MUNICIPALITY", help="The municipality's folder."
    ),
]
Language = Annotated[str, typer.Option(help="de or en.")]


def _spoken(language: str) -> str:
    if language not in ("de", "en"):
        raise typer.BadParameter(f"{language!r} is neither de nor en", param_hint="--language")
    return language


@app.command("list")
def list_(municipality: Municipality = Path(), language: Language = "de") -> None:
    """List the scenarios that the last run published.

    Example: wirkraum scenario list -m examples/musterstadt
    """
    from orchestration.place import Place
    from orchestration.scenarios.page import listed

    text = listed(Place(municipality), _spoken(language))
    Console().print(text, highlight=False, markup=False, soft_wrap=True)


@app.command()
def show(
    scenario: Annotated[str, typer.Argument(help="A scenario's id, such as radsicher_weiter.")],
    municipality: Municipality = Path(),
    area: Annotated[str | None, typer.Option(help="Only figures of this area, such as 02.")] = None,
    language: Language = "de",
    form: Annotated[
        str, typer.Option("--format", help="table (for the terminal) or markdown (plain text).")
    ] = "table",
) -> None:
    """Show one scenario on a page: assumptions first, then its alternatives side by side.

    Examples: wirkraum scenario show radsicher_weiter -m examples/musterstadt --area 02;
    wirkraum scenario show radsicher_weiter -m examples/musterstadt --format markdown > seite.md
    """
    from rich.markdown import Markdown

    from orchestration.place import Place
    from orchestration.scenarios.page import page

    if form not in ("table", "markdown"):
        raise typer.BadParameter(f"{form!r} is neither table nor markdown", param_hint="--format")
    text = page(Place(municipality), scenario, area, _spoken(language))
    if form == "markdown":
        typer.echo(text, nl=False)
    else:
        Console().print(Markdown(text))

"""The commands `wirkraum workbook …`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    no_args_is_help=True, help="All declarations as one Excel workbook, and back into files."
)

Municipality = Annotated[
    Path,
    typer.Argument(
        help="The municipality's folder, such as examples/musterstadt.", metavar="MUNICIPALITY"
    ),
]


def _say(text: str) -> None:
    Console().print(text, highlight=False, markup=False, soft_wrap=True)


@app.command("export")
def export_(
    folder: Municipality,
    file: Annotated[Path, typer.Argument(help="A new file, such as mytown.xlsx.")],
) -> None:
    """Write all declarations into one workbook, a sheet per kind, with drop-downs.

    Example: wirkraum workbook export mytown mytown.xlsx
    """
    from orchestration.declarations.tree import read_declarations
    from orchestration.workbook.export import export

    sheets = export(read_declarations(folder), file)
    _say(f"Wrote {file} with {len(sheets)} sheets. Back: wirkraum workbook import {file} {folder}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The edited workbook.", exists=True)],
    folder: Municipality,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and say what would change; write nothing.")
    ] = False,
) -> None:
    """Bring an edited workbook back: checked as a whole, errors name sheet and cell.

    Only files whose content changed are written.

    Example: wirkraum workbook import mytown.xlsx mytown --dry-run
    """
    from orchestration.workbook.write import bring_in

    done = bring_in(file, folder, dry_run=dry_run)
    verb = "would change" if dry_run else "changed"
    for name in done.changed:
        _say(f"{verb}: {name}")
        for comment in done.comments.get(name, []):
            _say(f"  comment lost: # {comment}")
    for name in done.new:
        _say(f"{'would be new' if dry_run else 'new'}: {name}")
    for name in done.left:
        _say(f"not in the workbook, left as it is (delete it by hand if it should go): {name}")
    if not done.changed and not done.new:
        _say("Nothing changed.")

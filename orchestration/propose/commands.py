"""The commands `wirkraum source …`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Contracts with departments about their files.")


@app.command()
def propose(
    file: Annotated[Path, typer.Argument(help="A file as a department sends it.", exists=True)],
    municipality: Annotated[
        Path,
        typer.Option(
            "--municipality",
            "-m",
            envvar="WIRKRAUM_MUNICIPALITY",
            help="The municipality's folder.",
        ),
    ] = Path(),
    source_id: Annotated[
        str | None, typer.Option("--id", help="The contract's id; by default from the file's name.")
    ] = None,
    department: Annotated[
        str | None, typer.Option(help="The id of the department that delivers the file.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write sources/<id>.yml instead of printing it.")
    ] = False,
) -> None:
    """Draft a contract from a file, with doubts as comments, and prove that it loads the file.

    Where a contract for such files exists, say what changed and show the difference instead.
    The contract goes to standard output, everything else beside it.

    Example: wirkraum source propose Kita_2024.csv -m mytown --department jugend --write
    """
    from orchestration.declarations.tree import read_declarations
    from orchestration.propose.proof import changes, contract_diff, proof
    from orchestration.propose.proof import propose as draft_from

    found = draft_from(file, read_declarations(municipality), source_id, department)
    beside = Console(stderr=True)

    def say(text: str) -> None:
        beside.print(text, highlight=False, markup=False, soft_wrap=True)

    def out(text: str) -> None:
        Console().print(text, highlight=False, markup=False, soft_wrap=True, end="")

    if found.known is not None and found.layout is not None:
        say(
            f"The contract {found.known.id!r}, layout {found.layout.name!r}, takes this file; "
            "nothing is written."
        )
        told = list(changes(found.known, found.layout, found.draft))
        for line in told or ["nothing changed in the form of the file"]:
            say(f"  {line}")
        out(contract_diff(found.known, found.layout, found.source))
    elif write:
        path = municipality / "sources" / f"{found.source.id}.yml"
        if path.exists():
            raise FileExistsError(f"{path} exists; choose another --id")
        path.parent.mkdir(exist_ok=True)
        path.write_text(found.draft.text, encoding="utf-8")
        say(
            f"Wrote {path} with {len(found.draft.doubts)} doubts to answer. The files belong into "
            f"{municipality / 'deliveries' / found.source.id}/."
        )
    else:
        out(found.draft.text)
    for line in proof(found):
        say(line)

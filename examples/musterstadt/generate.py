"""Write what Musterstadt does not declare by hand: `python -m examples.musterstadt.generate`.

That is the deliveries, the outlines of its areas, the list of advice centres and the truth file,
which stands beside the declarations, where nothing reads it but tests and benches.
"""

import argparse
from pathlib import Path
from typing import Final

from examples.musterstadt.deliveries import deliveries
from examples.musterstadt.offers import offer_files
from examples.musterstadt.outlines import outline_files
from examples.musterstadt.truth import truth_file
from examples.musterstadt.world import SEED, simulate

FOLDER: Final = Path(__file__).parent


def generate(folder: Path = FOLDER, seed: int = SEED) -> list[Path]:
    """Write `<folder>/deliveries/<source>/…` and what else it generates, each where it belongs.

    Returns what changed. The same seed gives the same bytes. Files that have them already are left
    alone, and files that this generator does not know are never touched.
    """
    world = simulate(seed)
    files = {f"deliveries/{name}": content for name, content in deliveries(world).items()}
    files |= {f"areas/{name}": content for name, content in outline_files().items()}
    files |= {f"facilities/{name}": content for name, content in offer_files().items()}
    files["truth.json"] = truth_file(world, seed)
    written = []
    for name, content in sorted(files.items()):
        path = folder / name
        if path.is_file() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return written


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Write the deliveries of Musterstadt.")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write")
    folder: Path = parser.parse_args().folder
    written = generate(folder)
    print(f"{len(written)} files written to {folder}, the others were up to date")


if __name__ == "__main__":
    main()

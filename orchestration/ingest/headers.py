"""Headers in which one name stands over several columns: each column gets a name of its own."""

from collections import Counter
from collections.abc import Sequence


def numbered(columns: Sequence[str]) -> list[str]:
    """Names of which none stands twice; `a, b, a` becomes `a (1), b, a (2)`.

    A contract that means one of them has to say which: one that names just `a` finds no such
    column. Empty names stay as they are.
    """
    counts = Counter(name for name in columns if name)
    seen: Counter[str] = Counter()
    names = []
    for name in columns:
        seen[name] += 1
        names.append(f"{name} ({seen[name]})" if counts[name] > 1 else name)
    return names

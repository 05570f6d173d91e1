"""Re-banding: bands such as ages, as departments write them, into the bands of a code list."""

import re
from collections.abc import Sequence

from orchestration.declarations.codes import CodeEntry

_TO = re.compile(r"(\d+)\s*(bis|-|–|_|to|u)\s*(unter|under|<)?\s*(\d+)", re.IGNORECASE)
_BELOW = re.compile(r"(?:unter|under|below|<|bis unter|u)\s*(\d+)", re.IGNORECASE)
_UP_TO = re.compile(r"(?:bis|up to|≤|<=)\s*(\d+)", re.IGNORECASE)
_FROM = re.compile(
    r"(?:(?:ab|über|over|≥|>=)\s*(\d+)|(\d+)\s*(?:\+|und\s+(?:mehr|älter)|and\s+(?:over|older)))",
    re.IGNORECASE,
)
_SINGLE = re.compile(r"(\d+)")


def parse(text: str) -> tuple[int, int | None]:
    """First and last whole number of a band; None where it is open.

    Understands `15 bis unter 18`, `15-17`, `6U15` and `6_15` (both 6 to 14),
    `unter 6`, `65+`, `65 und mehr`, `ab 65`, `über 64`, `80 Jahre`. Raises ValueError for all else.
    """
    bare = re.sub(r"\b(jahren?|jahr|years?|j\.?)\b|jährige?|\bvon\b", "", text, flags=re.IGNORECASE)
    bare = bare.strip(" .,")
    if found := _TO.fullmatch(bare):
        below = found[3] is not None or found[2].lower() in ("_", "u")
        low, high = int(found[1]), int(found[4]) - (1 if below else 0)
    elif found := _BELOW.fullmatch(bare):
        low, high = 0, int(found[1]) - 1
    elif found := _UP_TO.fullmatch(bare):
        low, high = 0, int(found[1])
    elif found := _FROM.fullmatch(bare):
        over = re.match(r"über|over", bare, re.IGNORECASE) and found[1] is not None
        return int(found[1] or found[2]) + (1 if over else 0), None
    elif found := _SINGLE.fullmatch(bare):
        low = high = int(found[1])
    else:
        raise ValueError(f"{text!r} is no band such as '15 bis unter 18' or '65+'")
    if high < low:
        raise ValueError(f"{text!r} ends before it begins")
    return low, high


def nest(text: str, entries: Sequence[CodeEntry], dimension: str) -> str:
    """The code whose band holds all of a delivered one.

    Raises ValueError where the text is no band, straddles two codes or lies in none: it is
    refused, never split.
    """
    low, high = parse(text)
    banded = [entry for entry in entries if entry.low is not None or entry.high is not None]
    for entry in banded:
        first = entry.low or 0
        if first <= low and (entry.high is None or (high is not None and high <= entry.high)):
            return entry.code
    touched = [
        entry.code
        for entry in banded
        if (high is None or high >= (entry.low or 0)) and (entry.high is None or low <= entry.high)
    ]
    if not touched:
        raise ValueError(f"{text!r} lies in no band of {dimension!r}")
    raise ValueError(
        f"{text!r} does not nest in {', '.join(touched)} of {dimension!r}; splitting would be "
        "guessing: widen the code list or ask for finer bands"
    )

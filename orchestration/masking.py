"""Takes the contents of cells out of messages about protected deliveries.

Messages of the reader quote what they found. Of a source under protection, or one whose originals
are deleted after a time, ledger, logs and listings keep only quotations of the contract's words.
"""

import re
from collections.abc import Iterator
from typing import Any

from orchestration.declarations.sources import Source, names
from orchestration.ingest.table import normalised

HIDDEN = "…"
_QUOTES = "'\""
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
# What messages say of a cell without quotation marks: a date, a subtotal and the sum of its parts.
_BARE = re.compile(
    r"\S+(?= lies outside )|(?<= says )\S+(?=, its \d+ parts make )|(?<= parts make ).+?\)"
)


def is_guarded(source: Source) -> bool:
    """Whether contents of a source may stand only in its originals and quarantined lines."""
    return source.protection != "none" or source.retention_days is not None


def mask(text: str, words: frozenset[str]) -> str:
    """A message without quoted contents; quotations of `words` stay while nothing else is quoted.

    A cell may itself hold quotation marks, so everything from the first foreign quotation to the
    last quotation mark goes: rather a word too much than a name.
    """
    text = _BARE.sub(HIDDEN, text)
    last = max(text.rfind(quote) for quote in _QUOTES)
    position = 0
    while True:
        starts = [at for quote in _QUOTES if (at := text.find(quote, position)) >= 0]
        if not starts:
            return text
        start = min(starts)
        found = _QUOTED.match(text, start)
        if found is None:
            return f"{text[:start]}'{HIDDEN}'"
        if found[0][1:-1] not in words:
            return f"{text[:start]}'{HIDDEN}'{text[last + 1 :]}"
        position = found.end()


def masked(
    source: Source, reasons: list[tuple[str, int, str]], notes: list[str]
) -> tuple[list[tuple[str, int, str]], list[str]]:
    """Reasons (text, rows, first rows) and notes as the ledger may keep them.

    Those of unguarded sources stay as they are. Reasons that become equal are counted together.
    """
    if not is_guarded(source):
        return reasons, notes
    words = contract_words(source)
    together: dict[str, tuple[int, list[str]]] = {}
    for text, count, rows in reasons:
        known, parts = together.get(mask(text, words), (0, []))
        together[mask(text, words)] = (known + count, [*parts, *rows.split(", ")])
    merged = [(text, count, _first(parts)) for text, (count, parts) in together.items()]
    order = sorted(merged, key=lambda one: (-one[1], one[0]))
    return order, list(dict.fromkeys(mask(note, words) for note in notes))


def contract_words(source: Source) -> frozenset[str]:
    """Every text that stands in the contract, also as a header is read and as Python quotes it."""
    plain = set(_texts(source.model_dump(mode="json", by_alias=True)))
    plain |= {normalised(name) for text in plain for name in names(text)}
    return frozenset(plain | {repr(text)[1:-1] for text in plain})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield str(key)
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _first(rows: list[str], most: int = 5) -> str:
    found = list(dict.fromkeys(row for row in rows if row != HIDDEN))
    more = len(found) > most or HIDDEN in rows
    return ", ".join(found[:most]) + (f", {HIDDEN}" if more else "")

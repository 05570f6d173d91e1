"""Texts mean the same whether equal ones stand together or apart; wrong ones are told by row."""

import polars as pl
import pytest

from orchestration.ingest.tidy import _Meanings

RUNS = ["a"] * 9 + ["bb"] * 3 + ["?"] * 2 + ["a"] * 7 + ["a text of some length"] * 8 + ["?"]


def resolve(text: str) -> tuple[object, str | None]:
    return (None, f"{text} means nothing") if text == "?" else (text.upper(), None)


@pytest.mark.parametrize(
    "texts", [RUNS, [*"abcab?"], ["?"], ["a"], [], ["a", "a"], ["b", *RUNS, "b", "?"]]
)
def test_texts_in_runs_and_apart(texts: list[str]) -> None:
    meanings = _Meanings(resolve, pl.String)
    for column in (texts, texts[::-1], sorted(texts), [*texts, "new", "new", "new", "new", "new"]):
        numbers = meanings.numbers(pl.DataFrame({"text": column}, schema={"text": pl.String}))
        values = meanings.column.gather(numbers)
        assert values.to_list() == [resolve(text)[0] for text in column]
        at, why = meanings.reasons(numbers, values)
        assert at.to_list() == [n for n, text in enumerate(column) if text == "?"]
        assert why.to_list() == ["? means nothing"] * len(at)

"""What a release says about itself: LIESMICH.md, README.md beside it, and SHA256SUMS."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from exports.tables import LeftOut, Origin
from exports.vocabulary import STATUS_MEANINGS, STATUS_WORDS, TABLE_WORDS

SUMS: Final = "SHA256SUMS"
AUDIENCES: Final = {"internal": ("intern", "internal"), "public": ("öffentlich", "public")}


@dataclass(frozen=True)
class About:
    """What the two readme files tell beyond the tables themselves."""

    origin: Origin
    municipality: str
    audience: str
    minimum_count: int | None
    left_out: tuple[LeftOut, ...]


def readme_de(about: About, tables: Mapping[str, pl.DataFrame]) -> str:
    """LIESMICH.md: what the release is, how to read it, what is protected and what is missing.

    `tables` are the release tables of `exports.tables.compose`. Pure text, same input same text.
    """
    origin = about.origin
    return f"""# {origin.title_de}

{about.municipality}, Ausgabe für den Kreis: {AUDIENCES[about.audience][0]}. Wissensstand vom \
{_german_day(origin.as_of)}. Kennung `{origin.release_id}`. (English: README.md)

Diese Zahlen sollen ein Gespräch eröffnen: Was überrascht uns? Wie lesen wir das? Welche
Unterschiede zwischen Stadtteilen oder Zielgruppen fallen auf? Welche Vermutungen folgen daraus?
Sie entscheiden nichts, und sie sagen nichts über einzelne Menschen, Teams oder Einrichtungen.

## Was hier liegt

{_files(tables, 0)}

- `parquet/` für Auswertungen. Quelle und Lizenz stehen in den Metadaten jeder Datei.
- `csv/` für die Tabellenkalkulation: Semikolon, Dezimalkomma, UTF-8 mit Kennung, so wie Excel in
  deutscher Einstellung es mit Doppelklick öffnet. Excel streicht dabei führende Nullen von
  Schlüsseln; wer sie braucht, lädt über „Daten → Aus Text/CSV“ als Text oder nimmt parquet. Beginnt
  ein Text mit `=`, `+`, `-` oder `@`, steht ein `'` davor, damit er nicht als Formel ausgeführt
  wird. Neben jeder Datei beschreibt `….csv-metadata.json` (CSVW) Spalten, Quellen und Lizenzen.
- `site/` ist eine Evidence-Website mit denselben Zahlen. Den Ordner anderswohin kopieren und dort
  schreibbar machen (`chmod -R u+w site`), dann `npm ci && npm run sources:strict && npm run build`.
- `SHA256SUMS` prüft mit `sha256sum -c SHA256SUMS`, dass nichts verändert wurde. Dieselben Daten
  ergeben dieselbe Kennung und denselben Inhalt; nur `site/sources/wirkraum/wirkraum.duckdb` trägt
  je Datei eine eigene innere Nummer und ist deshalb nicht bytegleich.

## Wie ein Wert zu lesen ist

`value` ist der Wert in `unit`. `low` und `high` begrenzen das 95-%-Intervall: So weit würde der
Wert bei gleicher Lage schon durch Zufall schwanken (Byar bei Fallzahlen und Raten, Wilson bei
Anteilen). Überlappen sich zwei Intervalle deutlich, ist der Unterschied kein guter Grund für eine
Schlussfolgerung. Ohne Intervall ist nicht bekannt, wie sicher der Wert ist. Im Ausblick stehen
Quantile: 0,5 ist die Mitte, zwischen 0,1 und 0,9 liegen nach dem Modell acht von zehn
Entwicklungen. Gebiete ergeben Entwicklung für Entwicklung ihre Summe, ihre Quantile aber nicht
die der Summe, denn nicht alle liegen zugleich hoch. Ein Ausblick ohne Wert ist eine Absage; der
Grund steht daneben.

| Status | Wort | Bedeutung |
|---|---|---|
{_status_rows(0)}

## Merkzeichen und ihre Fragen

Ein Merkzeichen sagt, was an einer Zahl ungewöhnlich oder leicht misszuverstehen ist, und stellt
eine Frage. Es ist kein Vorwurf und kein Nachweis. Zahl und Merkzeichen gehören zusammen: bitte
nicht ohne einander weitergeben.

{_marks(tables["mark"], 0)}

## Was geschützt ist

{_protection_de(about, tables)}

## Was nicht enthalten ist

{_left_out_de(about)}

## Quellen und Lizenzen

| Quelle | Name | Lizenz | Namensnennung | Fundstelle |
|---|---|---|---|---|
{_source_rows(origin, 0)}

## Gebietsstände

Werte verschiedener Gebietsstände nur vergleichen, wo sie umgerechnet wurden (Status „geschätzt“).

| Gebietssystem | Gebietsstand | Ebene | Gebiete |
|---|---|---|---|
{_area_rows(tables["area"])}
"""


def readme_en(about: About, tables: Mapping[str, pl.DataFrame]) -> str:
    """README.md: the same as `readme_de` in English."""
    origin = about.origin
    return f"""# {origin.title_en}

{about.municipality}, release for audience: {AUDIENCES[about.audience][1]}. Known as of \
{origin.as_of}. Identifier `{origin.release_id}`. (Deutsch: LIESMICH.md)

These figures are meant to open a conversation: What surprises us? How do we read this? Which
differences between districts or groups stand out? Which hypotheses follow? They decide nothing
and say nothing about individual people, teams or facilities.

## What is here

{_files(tables, 1)}

- `parquet/` for analysis. Source and licence are in the metadata of each file.
- `csv/` for spreadsheets: semicolon, decimal comma, UTF-8 with byte order mark, as Excel with
  German settings opens it. Excel drops leading zeros of codes on double click; import them as
  text or use parquet. A text that starts with `=`, `+`, `-` or `@` has a `'` in front so that it
  does not run as a formula. `….csv-metadata.json` (CSVW) describes columns, sources, licences.
- `site/` is an Evidence site with the same figures. Copy the folder elsewhere, make the copy
  writable (`chmod -R u+w site`), then `npm ci && npm run sources:strict && npm run build`.
- `SHA256SUMS` checks with `sha256sum -c SHA256SUMS` that nothing was changed. The same data give
  the same identifier and content; only `site/sources/wirkraum/wirkraum.duckdb` carries an inner
  number of its own and is therefore not identical byte by byte.

## How to read a value

`value` is the value in `unit`. `low` and `high` bound the 95 % interval: how far the value would
vary by chance alone (Byar for counts and rates, Wilson for shares). Where two intervals clearly
overlap, the difference is no good ground for a conclusion. Without an interval, how certain the
value is is not known. The outlook gives quantiles: 0.5 is the middle, eight in ten paths of the
model lie between 0.1 and 0.9. Areas are made to add up path by path; their quantiles do not, for
not all areas are high at once. An outlook without a value is a refusal; the reason stands beside.

| status | word | meaning |
|---|---|---|
{_status_rows(1)}

## Marks and their questions

A mark says what is unusual about a number or easily misread, and asks a question. It is no
reproach and no proof. Number and mark belong together: please do not pass on one without the other.

{_marks(tables["mark"], 1)}

## What is protected

{_protection_en(about, tables)}

## What is left out

{_left_out_en(about)}

## Sources and licences

| source | name | licence | attribution | address |
|---|---|---|---|---|
{_source_rows(origin, 1)}

## Area versions

Compare values of different area versions only where they were converted (status "estimated").

| area system | area version | level | areas |
|---|---|---|---|
{_area_rows(tables["area"])}
"""


def checksums(folder: Path) -> str:
    """Lines `<sha256>  <path>` for every file below `folder` but SHA256SUMS itself, sorted."""
    files = sorted(path.relative_to(folder).as_posix() for path in _files_below(folder))
    return "".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in files
        if name != SUMS
    )


def changed_files(folder: Path) -> list[str]:
    """Names of files that differ from SHA256SUMS, are gone or were added; empty if untouched."""
    sums = folder / SUMS
    if not sums.is_file():
        return [SUMS]
    written = set(sums.read_text(encoding="utf-8").splitlines())
    found = set(checksums(folder).splitlines())
    return sorted({line.split("  ", 1)[-1] for line in written ^ found})


def _files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _german_day(day: str) -> str:
    year, month, date = day.split("-")
    return f"{date}.{month}.{year}"


def _number(number: int, language: int) -> str:
    return f"{number:,}" if language else f"{number:,}".replace(",", ".")


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\r", " ").replace("\n", " ")


def _files(tables: Mapping[str, pl.DataFrame], language: int) -> str:
    head = (
        "| Tabelle | Inhalt | Zeilen |\n|---|---|---:|",
        "| table | content | rows |\n|---|---|---:|",
    )[language]
    rows = [
        f"| `{name}` | {_cell(words[language])} | {_number(tables[name].height, language)} |"
        for name, words in TABLE_WORDS.items()
    ]
    return "\n".join([head, *rows])


def _status_rows(language: int) -> str:
    return "\n".join(
        f"| `{code}` | {STATUS_WORDS[code][language]} | {meaning[language]} |"
        for code, meaning in STATUS_MEANINGS.items()
    )


def _marks(marks: pl.DataFrame, language: int) -> str:
    if not marks.height:
        return (
            "In dieser Ausgabe gibt es keine Merkzeichen.",
            "There are no marks in this release.",
        )[language]
    question = ("question_de", "question_en")[language]
    head = (
        "| Zeichen | Anzahl | Frage, zum Beispiel |\n|---|---:|---|",
        "| sign | number | question, for example |\n|---|---:|---|",
    )[language]
    counted = marks.group_by("sign").agg(pl.len(), pl.col(question).min()).sort("sign")
    rows = [
        f"| {_cell(sign)} | {_number(n, language)} | {_cell(asked)} |"
        for sign, n, asked in counted.iter_rows()
    ]
    return "\n".join([head, *rows])


def _unchecked(tables: Mapping[str, pl.DataFrame], language: int) -> str:
    name = ("name_de", "name_en")[language]
    shown = tables["indicator_value"].filter(pl.col("value").is_not_null())["indicator_id"]
    reported = tables["indicator"].filter(
        pl.col("kind") == "reported", pl.col("indicator_id").is_in(shown.unique().to_list())
    )
    return ", ".join(
        f"{row[name]} (`{row['indicator_id']}`)"
        for row in reported.sort("indicator_id").iter_rows(named=True)
    )


def _protection_de(about: About, tables: Mapping[str, pl.DataFrame]) -> str:
    hidden = tables["indicator_value"].filter(status="suppressed").height
    outlook = tables["forecast"].filter(status="suppressed").height
    if about.minimum_count is None:
        return (
            "In dieser Ausgabe wird nicht zusätzlich geschützt. Sie enthält auch kleine Fallzahlen "
            "und ist nur für den internen Kreis bestimmt.\n\n"
            f"Schon geschützt angekommene Werte: {_number(hidden, 0)}, "
            f"Zeilen des Ausblicks: {_number(outlook, 0)}."
        )
    unchecked = _unchecked(tables, 0)
    return f"""Kleine Fallzahlen könnten verraten, um wen es geht. Deshalb fehlen Zähler, Nenner,
Wert und Intervall überall dort, wo eine Fallzahl, eine Bezugsgröße oder bei Anteilen der Rest
größer als 0 und kleiner als {about.minimum_count} ist. Solche Zeilen bleiben stehen, mit dem
Status „geschützt“ und dem Grund; eine Null steht dort nie.

Geschützte Werte: {_number(hidden, 0)}. Geschützte Zeilen des Ausblicks: {_number(outlook, 0)}.
Merkzeichen zu diesen Werten nennen keine Zahlen.

**Was dieser Schutz noch nicht leistet:** Summen sind nicht gegengesichert. Wer eine Summe und alle
übrigen Teile kennt, kann einen einzelnen geschützten Wert unter Umständen durch Abziehen
errechnen; ebenso aus dem Vergleich mit anderen Ausgaben. Bitte vor einer Weitergabe prüfen.

{f"Ohne Fallzahlen geliefert und deshalb nicht prüfbar: {unchecked}." if unchecked else ""}
""".rstrip()


def _protection_en(about: About, tables: Mapping[str, pl.DataFrame]) -> str:
    hidden = tables["indicator_value"].filter(status="suppressed").height
    outlook = tables["forecast"].filter(status="suppressed").height
    if about.minimum_count is None:
        return (
            "Nothing is suppressed in addition in this release. It contains small counts and is "
            "meant for the internal audience only.\n\n"
            f"Values that arrived suppressed: {_number(hidden, 1)}, "
            f"rows of the outlook: {_number(outlook, 1)}."
        )
    unchecked = _unchecked(tables, 1)
    return f"""Small counts could give away who is meant. Numerator, denominator, value and
interval are therefore missing wherever a count, a denominator or, for shares, the rest is greater
than 0 and below {about.minimum_count}. Such rows stay, with status "suppressed" and the reason;
they never show a zero.

Suppressed values: {_number(hidden, 1)}. Suppressed rows of the outlook: {_number(outlook, 1)}.
Marks on these values name no figures.

**What this protection does not do yet:** totals are not protected by complementary suppression.
Someone who knows a total and all other parts may be able to work out a single suppressed value by
subtraction; likewise by comparing with other releases. Please check before passing this on.

{f"Delivered without counts and therefore not checked: {unchecked}." if unchecked else ""}
""".rstrip()


def _left_out_de(about: About) -> str:
    if not about.left_out:
        return "Von den ausgewählten Indikatoren wurde keiner zurückgehalten."
    return "\n".join(
        f"- {left.name_de} (`{left.indicator_id}`), "
        f"Zahl der Werte {_number(left.rows, 0)}: {left.reason_de}."
        for left in about.left_out
    )


def _left_out_en(about: About) -> str:
    if not about.left_out:
        return "None of the selected indicators was held back."
    return "\n".join(
        f"- {left.name_en} (`{left.indicator_id}`), "
        f"number of values {_number(left.rows, 1)}: {left.reason_en}."
        for left in about.left_out
    )


def _source_rows(origin: Origin, language: int) -> str:
    name = ("name_de", "name_en")[language]
    unknown = ("keine Angabe", "not stated")[language]
    return "\n".join(
        f"| `{source['source_id']}` | {_cell(source[name])} | {_cell(source['licence']) or unknown}"
        f" | {_cell(source['attribution']) or unknown} | {_cell(source['url']) or unknown} |"
        for source in origin.sources
    )


def _area_rows(areas: pl.DataFrame) -> str:
    keys = ["area_system", "area_version", "level"]
    counted = areas.group_by(keys).len().sort(keys, nulls_last=True)
    return "\n".join(
        f"| {_cell(system)} | {_cell(version)} | {_cell(level)} | {n} |"
        for system, version, level, n in counted.iter_rows()
    )

"""Release tables: marts frames joined into what a reader opens, and written as files.

Frames come in, already protected by `exports.disclosure`; nothing here withholds a figure.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from exports.vocabulary import AREA, COLUMN_WORDS, KEY, PERIOD, STATUS_WORDS, TABLE_WORDS

INPUTS: Final = (
    "indicator_value",
    "forecast",
    "mark",
    "indicator",
    "indicator_source",
    "source",
    "area",
    "group",
    "period",
    "department",
)
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "indicator_value": KEY,
    "forecast": ("run_id", *KEY, "scenario_id", "model", "quantile"),
    "mark": ("mark_id",),
    "indicator": ("indicator_id",),
    "indicator_source": ("indicator_id", "source_id"),
    "area": AREA,
    "group": ("group_id",),
    "period": PERIOD,
    "source": ("source_id",),
    "department": ("department_id",),
}
MARK_COLUMNS: Final = (
    "marks",
    "mark_count",
    "highest_severity",
    "marks_de",
    "marks_en",
    "questions_de",
    "questions_en",
)
SEVERITIES: Final = ("hinweis", "mittel", "hoch")
FORMULA_STARTS: Final = r"^[=+\-@\t\r\n]"
ROW_GROUP: Final = 122_880


@dataclass(frozen=True)
class LeftOut:
    """An indicator that stays behind, with its number of values and the reason in words."""

    indicator_id: str
    name_de: str
    name_en: str
    rows: int
    reason_de: str
    reason_en: str


@dataclass(frozen=True)
class Origin:
    """Where the figures of a release come from; travels with every file."""

    release_id: str
    title_de: str
    title_en: str
    as_of: str
    sources: tuple[dict[str, str], ...]

    @property
    def source_line(self) -> str:
        """Names of all sources in one line."""
        return "; ".join(source["attribution"] or source["name_de"] for source in self.sources)

    @property
    def licence_line(self) -> str:
        """Licence of each source in one line."""
        return "; ".join(
            f"{source['source_id']}: {source['licence'] or 'keine Angabe / not stated'}"
            for source in self.sources
        )


def select(
    tables: Mapping[str, pl.DataFrame],
    indicators: Collection[str] | None,
    levels: Collection[str] | None,
    *,
    licensed_only: bool,
) -> tuple[dict[str, pl.DataFrame], tuple[LeftOut, ...]]:
    """Cut the marts down to what a profile asks for; None means all.

    With `licensed_only`, indicators of which a source states no licence stay behind and are
    returned by name. Dimensions keep only what the remaining rows refer to, so that a release
    does not name what it does not contain. Raises ValueError for a missing table, an indicator or
    level nobody knows, or when no value is left.
    """
    missing = [name for name in INPUTS if name not in tables]
    if missing:
        raise ValueError(f"a release needs these marts too: {', '.join(missing)}")
    wanted = _known("indicator", tables["indicator"]["indicator_id"], indicators)
    wanted_levels = _known("area level", tables["area"]["level"], levels)
    chosen = {
        name: tables[name].filter(pl.col("indicator_id").is_in(wanted))
        for name in ("indicator_value", "forecast", "mark", "indicator", "indicator_source")
    }
    if levels is not None:
        areas = tables["area"].filter(pl.col("level").is_in(wanted_levels))
        for name in ("indicator_value", "forecast", "mark"):
            chosen[name] = chosen[name].join(
                areas.select(AREA), on=AREA, how="semi", maintain_order="left"
            )
    left_out: tuple[LeftOut, ...] = ()
    if licensed_only:
        left_out = _without_licence(chosen, tables["source"])
        names = [left.indicator_id for left in left_out]
        chosen = {
            name: frame.filter(~pl.col("indicator_id").is_in(names))
            for name, frame in chosen.items()
        }
    if not chosen["indicator_value"].height:
        unlicensed = ", ".join(left.indicator_id for left in left_out)
        raise ValueError(
            "nothing to release: no value fits this profile"
            + (f"; left out because a source states no licence: {unlicensed}" if left_out else "")
        )
    return chosen | _dimensions(tables, chosen), left_out


def keep_public_levels(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Drop what an indicator shows below the finest level it declares for the public.

    `indicator.public_level` of None allows every level. Looks at `indicator_value`, `forecast` and
    `mark`; other frames pass by.
    """
    limited = tables["indicator"].filter(pl.col("public_level").is_not_null())
    if not limited.height:
        return dict(tables)
    area = tables["area"]
    finest = limited.select("indicator_id", level="public_level").join(
        area.select("area_system", "area_version", "level", finest="level_rank").unique(),
        on="level",
    )
    too_fine = (
        finest.join(area.select(*AREA, "level_rank"), on=("area_system", "area_version"))
        .filter(pl.col("level_rank") < pl.col("finest"))
        .select("indicator_id", *AREA)
    )
    key = ("indicator_id", *AREA)
    return dict(tables) | {
        name: tables[name].join(too_fine, on=key, how="anti", maintain_order="left")
        for name in ("indicator_value", "forecast", "mark")
    }


def compose(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Join names, marks, sources and licences to the rows and sort every table by its key.

    Takes the frames of `select`, gives the ten release tables of `TABLE_WORDS`. Every row of
    `indicator_value` and `forecast` carries status, marks and licence. Raises ValueError where a
    key is not unique, a mark's key is not complete or a value points to an area or group without
    a name. Only columns named in `COLUMN_WORDS` leave: a new column of a mart stays inside until
    someone has described it.
    """
    lost = tables["mark"].filter(pl.any_horizontal(pl.col(KEY).is_null()))
    if lost.height:
        raise ValueError(
            f"{lost.height} marks have no complete key and would be lost on the way, for example "
            f"{lost['mark_id'][0]}; a number does not leave without its marks"
        )
    marks = _marks_per_key(tables["mark"])
    licences = _licence_per_indicator(tables["indicator_source"], tables["source"])
    composed = {name: tables[name] for name in KEYS}
    for name in ("indicator_value", "forecast", "mark"):
        frame = _named(name, tables[name], tables)
        if name != "mark":
            frame = _with_status_words(
                frame.join(marks, on=KEY, how="left", validate="m:1").with_columns(
                    pl.col("mark_count").fill_null(0),
                    pl.col(
                        *(column for column in MARK_COLUMNS if column != "mark_count")
                    ).fill_null(""),
                )
            )
        frame = frame.join(licences, on="indicator_id", how="left", validate="m:1")
        composed[name] = frame
    for name, frame in composed.items():
        doubled = frame.filter(frame.select(KEYS[name]).is_duplicated())
        if doubled.height:
            raise ValueError(
                f"table {name} has {doubled.height} rows that share a key, for example "
                f"{doubled.select(KEYS[name]).row(0)}"
            )
    return {
        name: frame.select(_order(name, frame.columns)).sort(KEYS[name], nulls_last=True)
        for name, frame in composed.items()
    }


def origin_sources(sources: pl.DataFrame) -> tuple[dict[str, str], ...]:
    """The sources as plain dicts, '' for what is not stated, in order of `source_id`."""
    columns = ("source_id", "name_de", "name_en", "licence", "attribution", "url")
    rows = sources.select(columns).fill_null("").sort("source_id").to_dicts()
    return tuple({column: str(row[column]).strip() for column in columns} for row in rows)


def write_parquet(name: str, frame: pl.DataFrame, path: Path, origin: Origin) -> None:
    """Write one table as zstd parquet with source and licence in the file's metadata.

    The same frame and origin give the same bytes with the same polars version.
    """
    frame.write_parquet(
        path,
        compression="zstd",
        compression_level=9,
        row_group_size=ROW_GROUP,
        metadata={
            "table": name,
            "description_de": TABLE_WORDS[name][0],
            "description_en": TABLE_WORDS[name][1],
            "release_id": origin.release_id,
            "as_of": origin.as_of,
            "source": origin.source_line,
            "licence": origin.licence_line,
            "sources": json.dumps(origin.sources, ensure_ascii=False, sort_keys=True),
        },
    )


def write_csv(name: str, frame: pl.DataFrame, path: Path, origin: Origin) -> None:
    """Write one table as CSV for a German office and a CSVW description beside it.

    Semicolon, decimal comma, UTF-8 with byte order mark, CRLF: what Excel with German settings
    opens with a double click. A text cell that a spreadsheet would run as a formula starts with a
    single quote. The description `<name>.csv-metadata.json` names columns, sources and licences.
    """
    text = [column for column, dtype in frame.schema.items() if dtype == pl.String]
    safe = frame.with_columns(
        pl.when(pl.col(column).str.contains(FORMULA_STARTS))
        .then(pl.lit("'") + pl.col(column))
        .otherwise(pl.col(column))
        .alias(column)
        for column in text
    )
    safe.write_csv(
        path, separator=";", decimal_comma=True, include_bom=True, line_terminator="\r\n"
    )
    described = path.with_name(f"{path.name}-metadata.json")
    described.write_text(
        json.dumps(_csvw(name, frame, path.name, origin), ensure_ascii=False, indent=2) + "\n",
        encoding="utf-8",
    )


def write_database(tables: Mapping[str, pl.DataFrame], path: Path, origin: Origin) -> None:
    """Write all tables into one new DuckDB file, source and licence in each table's comment.

    The content is reproducible, the bytes are not: DuckDB gives every file an identifier of its
    own.
    """
    about = f"Quelle / source: {origin.source_line} | Lizenz / licence: {origin.licence_line}"
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET threads = 1")
        for name in sorted(tables):
            connection.register("incoming", tables[name])
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
            connection.unregister("incoming")
            connection.execute(f'COMMENT ON TABLE "{name}" IS {_quoted(about)}')
        connection.execute("CHECKPOINT")


def _known(what: str, known: pl.Series, wanted: Collection[str] | None) -> list[str]:
    names = known.unique().drop_nulls().sort().to_list()
    if wanted is None:
        return names
    strange = sorted(set(wanted) - set(names))
    if strange:
        raise ValueError(
            f"the profile asks for {what} {', '.join(strange)}; known are: {', '.join(names)}"
        )
    return sorted(wanted)


def _without_licence(
    tables: Mapping[str, pl.DataFrame], sources: pl.DataFrame
) -> tuple[LeftOut, ...]:
    silent = sources.filter(pl.col("licence").fill_null("").str.strip_chars() == "")
    used = tables["indicator_source"].join(silent, on="source_id", how="semi")
    bare = tables["indicator"].join(used, on="indicator_id", how="semi").sort("indicator_id")
    counts = dict(tables["indicator_value"]["indicator_id"].value_counts().iter_rows())
    return tuple(
        LeftOut(
            row["indicator_id"],
            row["name_de"],
            row["name_en"],
            counts.get(row["indicator_id"], 0),
            "nicht jede Quelle nennt eine Lizenz",
            "not every source states a licence",
        )
        for row in bare.iter_rows(named=True)
    )


def _dimensions(
    tables: Mapping[str, pl.DataFrame], chosen: Mapping[str, pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    facts = [chosen[name] for name in ("indicator_value", "forecast", "mark")]

    def used(name: str, key: tuple[str, ...], users: list[pl.DataFrame]) -> pl.DataFrame:
        keys = pl.concat([user.select(key) for user in users]).unique()
        return tables[name].join(keys, on=key, how="semi", maintain_order="left")

    source = used("source", ("source_id",), [chosen["indicator_source"]])
    return {
        "area": used("area", AREA, facts),
        "group": used("group", ("group_id",), facts),
        "period": used("period", PERIOD, facts),
        "source": source,
        "department": used("department", ("department_id",), [chosen["indicator"], source]),
    }


def _marks_per_key(marks: pl.DataFrame) -> pl.DataFrame:
    rank = pl.col("severity").replace_strict(
        {severity: place for place, severity in enumerate(SEVERITIES)}, return_dtype=pl.Int64
    )

    def listed(column: str, name: str) -> pl.Expr:
        text = pl.col(column).fill_null("")
        return text.filter(text != "").unique(maintain_order=True).str.join(" | ").alias(name)

    return (
        marks.sort("sign", "severity", "mark_id")
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.concat_str("sign", "severity", separator=" ").str.join("; ").alias("marks"),
            pl.len().cast(pl.Int64).alias("mark_count"),
            pl.col("severity").sort_by(rank).last().alias("highest_severity"),
            listed("text_de", "marks_de"),
            listed("text_en", "marks_en"),
            listed("question_de", "questions_de"),
            listed("question_en", "questions_en"),
        )
    )


def _licence_per_indicator(links: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    stated = pl.col("licence").fill_null("").str.strip_chars()
    licence = pl.when(stated == "").then(pl.lit("keine Angabe / not stated")).otherwise(stated)
    licence = licence.alias("licence")
    return (
        links.select("indicator_id", "source_id")
        .unique()
        .join(sources.select("source_id", licence), on="source_id", how="inner", validate="m:1")
        .sort("indicator_id", "source_id")
        .group_by("indicator_id", maintain_order=True)
        .agg(
            pl.col("source_id").str.join("; ").alias("sources"),
            pl.concat_str("source_id", "licence", separator=": ").str.join("; ").alias("licence"),
        )
    )


def _named(name: str, frame: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    areas = tables["area"].select(
        *AREA, pl.col("name").alias("area"), pl.col("level").alias("area_level")
    )
    groups = tables["group"].select(
        "group_id", pl.col("name_de").alias("group_de"), pl.col("name_en").alias("group_en")
    )
    periods = tables["period"].select(
        *PERIOD, pl.col("label_de").alias("period_de"), pl.col("label_en").alias("period_en")
    )
    indicators = tables["indicator"].select(
        "indicator_id",
        pl.col("name_de").alias("indicator_de"),
        pl.col("name_en").alias("indicator_en"),
        *(["unit"] if "unit" not in frame.columns and name == "forecast" else []),
    )
    joined = (
        frame.join(indicators, on="indicator_id", how="left", validate="m:1")
        .join(areas, on=AREA, how="left", validate="m:1")
        .join(groups, on="group_id", how="left", validate="m:1")
        .join(periods, on=PERIOD, how="left", validate="m:1")
        # A look ahead reaches beyond the periods that have been delivered.
        .with_columns(
            pl.col("period_de").fill_null(_period_label("%d.%m.%Y", "{}. Quartal", "{}. Halbjahr")),
            pl.col("period_en").fill_null(_period_label("%Y-%m-%d", "Q{}", "H{}")),
        )
    )
    for label, key in (("area", AREA), ("group_de", ("group_id",))):
        nameless = joined.filter(pl.col(label).is_null())
        if nameless.height:
            raise ValueError(
                f"{nameless.height} rows of {name} have no name for {', '.join(key)}, for example "
                f"{nameless.select(key).row(0)}; table {label.removesuffix('_de')} lacks them"
            )
    return joined


def _period_label(day: str, quarter: str, half: str) -> pl.Expr:
    start = pl.col("period_start")
    year = start.dt.year().cast(pl.String)
    first_of_year = (start.dt.month() == 1) & (start.dt.day() == 1)
    half_number = pl.when(start.dt.month() < 7).then(1).otherwise(2)
    return (
        pl.when(pl.col("grain") == "month")
        .then(start.dt.strftime("%m/%Y"))
        .when(pl.col("grain") == "quarter")
        .then(pl.format(f"{quarter} {{}}", start.dt.quarter(), year))
        .when(pl.col("grain") == "half_year")
        .then(pl.format(f"{half} {{}}", half_number, year))
        .when((pl.col("grain") == "year") & first_of_year)
        .then(year)
        .otherwise(start.dt.strftime(day))
    )


def _with_status_words(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col("status")
        .replace_strict({code: words[language] for code, words in STATUS_WORDS.items()})
        .alias(column)
        for language, column in enumerate(("status_de", "status_en"))
    )


def _order(name: str, columns: list[str]) -> list[str]:
    """Names before codes, figures together: the order a reader looks."""
    first = [
        "indicator_de",
        "area",
        "area_level",
        "period_de",
        "group_de",
        "quantile",
        "value",
        "low",
        "high",
        "unit",
        "status_de",
        "reason",
        "sign",
        "severity",
        "text_de",
        "question_de",
        *MARK_COLUMNS,
        "numerator",
        "denominator",
        *KEYS[name],
        *KEY,
    ]
    shown = [column for column in columns if column in COLUMN_WORDS]
    return list(dict.fromkeys(column for column in [*first, *shown] if column in shown))


def _csvw(name: str, frame: pl.DataFrame, file_name: str, origin: Origin) -> dict[str, Any]:
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "de"}],
        "url": file_name,
        "dc:title": [
            {"@value": TABLE_WORDS[name][0], "@language": "de"},
            {"@value": TABLE_WORDS[name][1], "@language": "en"},
        ],
        "dc:identifier": origin.release_id,
        "dc:date": origin.as_of,
        "dc:source": [
            {
                "dc:identifier": source["source_id"],
                "dc:title": source["name_de"],
                "dc:license": source["licence"] or "keine Angabe / not stated",
                "dc:rights": source["attribution"],
                "dc:relation": source["url"],
            }
            for source in origin.sources
        ],
        "dc:license": origin.licence_line,
        "dialect": {"delimiter": ";", "encoding": "utf-8", "header": True, "quoteChar": '"'},
        "tableSchema": {
            "columns": [
                {
                    "name": column,
                    "titles": [column],
                    "dc:title": [
                        {"@value": COLUMN_WORDS[column][0], "@language": "de"},
                        {"@value": COLUMN_WORDS[column][1], "@language": "en"},
                    ],
                    "datatype": _csvw_type(dtype),
                    "null": [""],
                }
                for column, dtype in frame.schema.items()
            ],
            "primaryKey": list(KEYS[name]),
        },
    }


def _csvw_type(dtype: pl.DataType) -> str | dict[str, Any]:
    if dtype.is_float():
        return {"base": "double", "format": {"decimalChar": ","}}
    if dtype.is_integer():
        return "integer"
    if dtype == pl.Date:
        return "date"
    return "boolean" if dtype == pl.Boolean else "string"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

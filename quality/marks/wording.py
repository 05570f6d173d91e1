"""Write numbers in sentences for many rows at once, the German and the English way."""

from __future__ import annotations

import polars as pl


def number_de(value: pl.Expr, digits: int = 1) -> pl.Expr:
    """Text such as `1.234,5`; whole numbers carry no decimals; 0 <= value < 10^9."""
    return _number(value, digits, thousands=".", decimal=",")


def number_en(value: pl.Expr, digits: int = 1) -> pl.Expr:
    """Text such as `1,234.5`; whole numbers carry no decimals; 0 <= value < 10^9."""
    return _number(value, digits, thousands=",", decimal=".")


def _number(value: pl.Expr, digits: int, *, thousands: str, decimal: str) -> pl.Expr:
    scaled = (value.cast(pl.Float64) * 10**digits).round(0, "half_away_from_zero").cast(pl.Int64)
    whole, part = scaled // 10**digits, scaled % 10**digits
    millions, rest = whole // 1_000_000, whole % 1_000_000
    grouped = (
        pl.when(millions > 0)
        .then(
            pl.format(
                "{}{}{}{}{}",
                millions,
                pl.lit(thousands),
                _three(rest // 1000),
                pl.lit(thousands),
                _three(rest % 1000),
            )
        )
        .when(whole >= 1000)
        .then(pl.format("{}{}{}", whole // 1000, pl.lit(thousands), _three(whole % 1000)))
        .otherwise(whole.cast(pl.String))
    )
    decimals = part.cast(pl.String).str.zfill(digits)
    return (
        pl.when(part == 0)
        .then(grouped)
        .otherwise(pl.format("{}{}{}", grouped, pl.lit(decimal), decimals))
    )


def _three(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.String).str.zfill(3)

"""Asks a database as the contract says; the answer is delivered like a file.

Tried against a real PostgreSQL and SQLite. For MS SQL and Oracle the mapping of types and what is
said when no connection comes about are tested, not a real server.
"""

import io
import os

import polars as pl

from orchestration.declarations.sources import Database
from orchestration.ingest.table import Unreadable

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mssql": "mssql+pymssql",
    "oracle": "oracle+oracledb",
    "sqlite": "sqlite",
}
_PATIENCE: dict[str, dict[str, object]] = {
    "postgresql": {"connect_timeout": 10, "options": "-c default_transaction_read_only=on"},
    "mssql": {"login_timeout": 10},
    "oracle": {"tcp_connect_timeout": 10},
    "sqlite": {},
}


def fetch(database: Database) -> bytes:
    """The answer to the query as Parquet; the same answer gives the same bytes in any row order.

    Credentials come from the environment variable the contract names and appear in no message.
    Raises Unreadable where the variable is not set, the database cannot be reached or refuses the
    query.
    """
    import sqlalchemy

    name = database.connection
    text = os.environ.get(name, "")
    if not text:
        raise Unreadable(
            f"the environment variable {name} is not set; it holds the connection, such as "
            f"{database.dialect}://user:password@host/name"
        )
    try:
        url = sqlalchemy.make_url(text)
    except sqlalchemy.exc.ArgumentError:
        raise Unreadable(f"{name} holds no connection URL such as {database.dialect}://…") from None
    if url.get_backend_name() != database.dialect:
        raise Unreadable(
            f"{name} is a connection to {url.get_backend_name()}, the contract says "
            f"{database.dialect}"
        )
    url = url.set(drivername=_DRIVERS[database.dialect])
    if database.dialect == "sqlite":
        url = url.set(database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
    engine = sqlalchemy.create_engine(
        url, connect_args=_PATIENCE[database.dialect], poolclass=sqlalchemy.pool.NullPool
    )
    try:
        with engine.connect() as connection:
            frame = pl.read_database(database.query, connection, infer_schema_length=None)
    except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        password = str(url.password or "")
        said = said.replace(password, "***") if password else said
        reached = isinstance(error, sqlalchemy.exc.ProgrammingError)
        what = "refuses the query" if reached else "cannot be asked"
        raise Unreadable(f"the database behind {name} {what}: {said}") from None
    finally:
        engine.dispose()
    return as_parquet(frame)


def as_parquet(frame: pl.DataFrame) -> bytes:
    """A query's answer as Parquet, sorted; columns that hold no plain values are refused."""
    for name, dtype in frame.schema.items():
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
            raise Unreadable(f"column {name!r} of the query holds no plain values ({dtype})")
    buffer = io.BytesIO()
    frame.sort(frame.columns, nulls_last=True).write_parquet(buffer, compression="zstd")
    return buffer.getvalue()

"""Looking into a journal's file, and meddling with it."""

import sqlite3
from pathlib import Path

from avd_failover.journal.sqlite_store import SqliteStore


def meddle(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def lines_of(path: Path) -> list[bytes]:
    reader = SqliteStore.read_only(path)
    try:
        return list(reader.read())
    finally:
        reader.close()

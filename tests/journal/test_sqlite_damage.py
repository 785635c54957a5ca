"""A file that is not what was written is refused at its first break."""

from collections.abc import Callable
from pathlib import Path

import pytest

from avd_failover.journal.chain import replay
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.store import (
    Damage,
    DamagedJournalError,
    ForeignJournalError,
)
from avd_failover.journal.writer import JournalWriter
from tests.journal.builders import (
    TickingClock,
    make_lines,
    whole_run,
)
from tests.journal.files import meddle

LINES = make_lines(whole_run())
ROOT = Path(__file__).parents[2]


def _text(path: Path) -> None:
    path.write_text("run: pooled-eu\n" * 100)


def _zeros(path: Path) -> None:
    path.write_bytes(bytes(8192))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4096])


def _scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xee" * len(content[4096 * 2 :])
    path.write_bytes(bytes(content))


def _sql(*statements: str) -> Callable[[Path], None]:
    return lambda path: meddle(path, *statements)


DAMAGED: dict[str, tuple[Callable[[Path], None], int, Damage]] = {
    "text": (_text, 0, Damage.UNREADABLE),
    "zeros": (_zeros, 0, Damage.UNREADABLE),
    "cut short": (_cut, 0, Damage.UNREADABLE),
    "some other database": (_sql("PRAGMA application_id=7"), 0, Damage.UNREADABLE),
    "a table renamed": (_sql("ALTER TABLE requests RENAME TO wishes"), 0, Damage.UNREADABLE),
    "a trigger": (
        _sql("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END"),
        0,
        Damage.UNREADABLE,
    ),
    "a view in the place of the table": (
        _sql("ALTER TABLE events RENAME TO e", "CREATE VIEW events AS SELECT * FROM e"),
        0,
        Damage.UNREADABLE,
    ),
    "no entries": (_sql("DELETE FROM events"), 0, Damage.EMPTY),
    "an entry deleted": (_sql("DELETE FROM events WHERE seq=3"), 3, Damage.GAP),
    "the first deleted": (_sql("DELETE FROM events WHERE seq=1"), 1, Damage.GAP),
    "a number below one": (_sql("UPDATE events SET seq=-1 WHERE seq=1"), 1, Damage.GAP),
    "a line exchanged": (_sql("UPDATE events SET line=x'7b7d' WHERE seq=3"), 3, Damage.BROKEN_CHAIN),
    "the last line exchanged": (
        _sql("UPDATE events SET line=x'7b7d' WHERE seq=12"),
        12,
        Damage.BROKEN_CHAIN,
    ),
    "a hash exchanged": (_sql("UPDATE events SET hash='0' WHERE seq=3"), 3, Damage.BROKEN_CHAIN),
    "lines swapped": (
        _sql(
            "UPDATE events SET seq=99 WHERE seq=3",
            "UPDATE events SET seq=3 WHERE seq=4",
            "UPDATE events SET seq=4 WHERE seq=99",
        ),
        3,
        Damage.GAP,
    ),
    "a line that is text": (_sql("UPDATE events SET line='text' WHERE seq=3"), 3, Damage.UNREADABLE),
    "text that is no UTF-8": (
        _sql("UPDATE events SET hash=CAST(x'ff' AS TEXT) WHERE seq=3"),
        3,
        Damage.UNREADABLE,
    ),
}


@pytest.mark.parametrize(("spoil", "seq", "damage"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_refused_at_its_first_break(
    written: Path, spoil: Callable[[Path], None], seq: int, damage: Damage
) -> None:
    spoil(written)
    with pytest.raises(DamagedJournalError) as caught:
        replay(SqliteStore.read_only(written))
    assert (caught.value.seq, caught.value.damage) == (seq, damage)
    with pytest.raises(DamagedJournalError):
        JournalWriter.reopen(SqliteStore.open(written), TickingClock())


def test_scribbled_pages_are_damage_and_never_a_shorter_journal(written: Path) -> None:
    _scribbled(written)
    with pytest.raises(DamagedJournalError):
        replay(SqliteStore.read_only(written))


def test_a_newer_layout_is_foreign(written: Path) -> None:
    meddle(written, "PRAGMA user_version=9")
    with pytest.raises(ForeignJournalError, match="layout 9") as caught:
        SqliteStore.open(written)
    assert caught.value.version == 9


def test_a_journal_under_another_runs_name_is_the_wrong_run(written: Path) -> None:
    moved = written.rename(written.with_name("pooled-us-20260302-025500-0000.journal"))
    with pytest.raises(DamagedJournalError) as caught:
        replay(SqliteStore.read_only(moved))
    assert caught.value.damage is Damage.WRONG_RUN

"""The census counts what it says: every handler and every raise once, and only those that ran."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.census.__main__ import excuse, missed, needless, table
from tests.census.excused import EXCUSED
from tests.census.places import ROOMS, Place, mark, places

PACKAGE = Path(__file__).parents[2] / "avd_failover"
SAMPLE = '''"""A module with error paths."""


class Door:
    def open(self, key):
        try:
            return {"right": 1}[key]
        except KeyError as error:
            if not key:
                raise
            raise ValueError("wrong") from error

    def close(self, key):
        if key:
            raise OSError(
                "stuck"
            )
        try:
            return int(key)
        except (TypeError, ValueError):
            raise RuntimeError from None
'''
FOUND = ["Door.open: except KeyError", "Door.open: raise again", "Door.open: raise ValueError",
         "Door.close: raise OSError", "Door.close: except (TypeError, ValueError)"]  # fmt: skip


@pytest.fixture
def package(tmp_path: Path) -> Path:
    root = tmp_path / "avd_failover"
    for room in ROOMS:
        (root / room).mkdir(parents=True)
        (root / room / "__init__.py").write_text("")
    (root / "__init__.py").write_text('"""A package."""\n')
    (root / "engine" / "door.py").write_text(SAMPLE)
    return root


def names(found: list[Place]) -> list[str]:
    return [str(place).split(" ", 1)[1] for place in found]


def test_every_handler_and_every_raise_is_a_place_and_one_that_begins_a_handler_is_the_handlers(
    package: Path,
) -> None:
    assert names(places(package)) == FOUND
    assert {place.file for place in places(package)} == {"engine/door.py"}


@pytest.mark.parametrize(
    ("deeds", "ran"),
    [
        ("", []),
        ("door.open('right')", []),
        ("door.open('wrong'); door.open('wrong')", [0, 2]),
        ("door.open('')", [0, 1]),
        ("door.close('stuck')", [3]),
        ("door.close('')", [4]),
    ],
)
def test_what_ran_is_written_down_once_by_each_process(
    package: Path, tmp_path: Path, deeds: str, ran: list[int]
) -> None:
    marks = tmp_path / "marks"
    mark(package, marks)
    tried = "".join(
        f"\ntry:\n    {deed.strip()}\nexcept Exception:\n    pass" for deed in deeds.split(";") if deed
    )
    told = f"from avd_failover.engine.door import Door\ndoor = Door(){tried}\n"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", told], cwd=package.parent, check=True, timeout=60)
    assert sorted(marks.read_text().split() if marks.exists() else []) == sorted([str(n) for n in ran] * 2)


def test_a_marked_package_is_still_python_and_has_as_many_places_more() -> None:
    found = places(PACKAGE)
    assert len(found) > 300
    assert {place.file.split("/")[0] for place in found} == set(ROOMS)
    assert all((place.what and place.within) or place.kind for place in found)


def test_what_was_not_entered_is_missed_unless_it_is_excused(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (Place("engine/door.py", n, f"Door.{n}", "raise", "OSError") for n in (1, 2))
    monkeypatch.setitem(EXCUSED, ("engine/door.py", "Door.1", "raise OSError"), "it cannot be")
    assert excuse(one) is not None
    assert missed([one, other], set()) == [other]
    assert missed([one, other], {1}) == []
    assert "engine/door.py Door.1 raise OSError" not in needless([one, other], {1})
    assert "engine/door.py Door.1 raise OSError" in needless([one, other], {0})
    assert "1 of 2" in table([one, other], {1})


def test_every_excuse_names_a_place_that_stands_and_gives_a_reason() -> None:
    standing = {(place.file, place.within, f"{place.kind} {place.what}") for place in places(PACKAGE)}
    assert set(EXCUSED) <= standing
    assert all(len(reason) > 20 for reason in EXCUSED.values())

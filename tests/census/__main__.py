"""List every error path of the package that no test enters: ``python -m tests.census [-n 2] [TEST ...]``.

Runs the tests over a marked copy (``tests.census.places``). A path that nothing can enter stands in
``tests.census.excused`` with the reason; one that stands there and is entered is told too. The exit code is 1
when a path is missed, or excused without need.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from tests.census.excused import EXCUSED
from tests.census.places import Place, mark

ROOT = Path(__file__).parents[2]
LEFT_OUT = (
    "tests/mutations",
    "tests/model",
    "tests/state_machine",
    "tests/simulation/test_simulation.py",
    "tests/crash/test_matrix.py",
    "tests/crash/test_personal.py",
)
"""Tests that enter nothing of their own, and take most of the time; a copy that is marked is not counted."""
EQUIPMENT = ("tests/simulator/test_*", "tests/simulator/http/test_[!w]*", "tests/census/test_places.py")
"""As patterns: tests of the simulated Azure, but those of the way to it."""
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "dist", "build"
)

QUIETLY = ("-q", "-p", "no:cacheprovider", "-W", "ignore", "--tb=line", "--continue-on-collection-errors")


def copied(into: Path) -> Path:
    """Copy the project, beside what stands beside it; the working tree is never touched."""
    copy = into / "project"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    beside = ROOT.parent / "shared"
    if beside.is_dir():
        (into / beside.name).symlink_to(beside)
    return copy


def entered(tests: Sequence[str], workers: int) -> tuple[list[Place], set[int]]:
    """Run tests over a marked copy; return all places, and the numbers of those that ran.

    A test that fails is told on stderr, and counts like the others: what it entered, it entered.
    """
    with tempfile.TemporaryDirectory() as directory:
        copy, marks = copied(Path(directory)), Path(directory) / "marks"
        found = mark(copy / "avd_failover", marks)
        command = [sys.executable, "-m", "pytest", *QUIETLY, *_asked(tests, workers)]
        subprocess.run(command, cwd=copy, stdout=sys.stderr, check=False)
        ran = {int(line) for line in marks.read_text().split()} if marks.exists() else set()
    return found, ran


def _asked(tests: Sequence[str], workers: int) -> list[str]:
    spread = ["-n", str(workers)] if workers > 1 else []
    rest = [*(f"--ignore={one}" for one in LEFT_OUT), *(f"--ignore-glob=*{one}" for one in EQUIPMENT)]
    return [*spread, *(tests or rest)]


def missed(found: Sequence[Place], ran: Collection[int]) -> list[Place]:
    """Return the places that nothing entered and nobody excused."""
    return [place for n, place in enumerate(found) if n not in ran and excuse(place) is None]


def needless(found: Sequence[Place], ran: Collection[int]) -> list[str]:
    """Return the excuses of places that were entered, or that are no more."""
    open_ones = {excuse(place) for n, place in enumerate(found) if n not in ran}
    return [" ".join(one) for one in EXCUSED if one not in open_ones]


def excuse(place: Place) -> tuple[str, str, str] | None:
    """Return the key under which a place is excused, if it is."""
    known = (place.file, place.within, f"{place.kind} {place.what}")
    return known if known in EXCUSED else None


def table(found: Sequence[Place], ran: Collection[int]) -> str:
    """Return how many places of each room were entered."""
    whole = Counter(_row(place) for place in found)
    hit = Counter(_row(place) for n, place in enumerate(found) if n in ran)
    rows = [f"  {room:<12} {kind:<8} {hit[room, kind]:>4} of {n:<4}" for (room, kind), n in whole.items()]
    return (
        "\n".join([*rows, f"{len(ran)} of {len(found)} error paths entered, {len(EXCUSED)} excused"]) + "\n"
    )


def _row(place: Place) -> tuple[str, str]:
    return place.file.partition("/")[0], place.kind


def main() -> int:
    """Run, and list what was never entered."""
    parser = argparse.ArgumentParser(prog="python -m tests.census")
    parser.add_argument("-n", "--workers", type=int, default=1)
    parser.add_argument("tests", nargs="*")
    asked = parser.parse_args()
    found, ran = entered(asked.tests, asked.workers)
    without, idle = missed(found, ran), needless(found, ran)
    sys.stdout.writelines(f"never entered: {place}\n" for place in without)
    sys.stdout.writelines(f"excused without need: {one}\n" for one in idle)
    sys.stdout.write(table(found, ran))
    return 1 if without or idle else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""List every ``except`` of engine, journal and operations that no test enters: ``python -m tests.census``.

Runs the tests of those rooms under coverage, then compares the first line of every handler with what ran.
The exit code is the number of handlers never entered.
"""

import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ROOMS = ("engine", "journal", "operations")
TESTS = (
    "tests/engine", "tests/journal", "tests/operations", "tests/crash/test_doubt.py",
    "tests/crash/test_nth.py", "tests/crash/test_orders.py", "tests/crash/test_rollback.py",
)  # fmt: skip


class Handler(NamedTuple):
    """One ``except``: where it stands, what it catches, and the first line of its body."""

    file: str
    line: int
    catches: str
    body: int


def handlers() -> Iterator[Handler]:
    """Yield every handler of the rooms, in the order of files and lines."""
    for room in ROOMS:
        for path in sorted((ROOT / "avd_failover" / room).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ExceptHandler):
                    catches = ast.unparse(node.type) if node.type else "everything"
                    yield Handler(str(path.relative_to(ROOT)), node.lineno, catches, node.body[0].lineno)


def executed(tests: tuple[str, ...]) -> dict[str, set[int]]:
    """Run tests under coverage and return the lines that ran, by file."""
    with tempfile.TemporaryDirectory() as directory:
        data, report = Path(directory) / "data", Path(directory) / "report.json"
        cover = [sys.executable, "-m", "coverage"]
        run = [*cover, "run", f"--data-file={data}", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
        subprocess.run(run, cwd=ROOT, stdout=sys.stderr, check=False)
        told = [*cover, "json", f"--data-file={data}", "-q", "-o", str(report)]
        subprocess.run(told, cwd=ROOT, check=True)
        files = json.loads(report.read_text())["files"]
    return {file: set(found["executed_lines"]) for file, found in files.items()}


def main() -> int:
    """List what was never entered."""
    lines = executed(TESTS)
    every = list(handlers())
    missed = [one for one in every if one.body not in lines.get(one.file, set())]
    for one in missed:
        sys.stdout.write(f"never entered: {one.file}:{one.line} except {one.catches}\n")
    sys.stdout.write(f"{len(every) - len(missed)} of {len(every)} handlers entered\n")
    return len(missed)


if __name__ == "__main__":
    raise SystemExit(main())

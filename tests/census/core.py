"""Lines and branches of the core that tests run, part by part (safety T0): ``python -m tests.census.core``.

The exit code is 1 when one of the parts is below its floor.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PARTS: dict[str, tuple[str, ...]] = {
    "planner": (
        "domain/plan.py", "domain/route.py", "domain/graph.py", "domain/placement.py", "domain/rollback.py",
        "domain/closure.py", "domain/overlap.py", "domain/exposure.py", "domain/access.py",
    ),
    "barrier": (
        "domain/barrier.py", "domain/source_look.py", "domain/dead_source.py", "operations/barrier.py",
        "operations/fence.py",
    ),
    "journal": (
        "journal/chain.py", "journal/codec.py", "journal/seals.py", "journal/sqlite_store.py",
        "journal/state.py", "journal/writer.py",
    ),
    "lease": ("journal/lease.py", "journal/local_leases.py", "journal/locks.py", "journal/tenure.py"),
    "gate": (
        "domain/confinement.py", "domain/permits.py", "engine/confined.py", "engine/send.py",
        "azure/outgoing.py",
    ),
    "retry": (
        "engine/attempts.py", "engine/patience.py", "engine/unhurried.py", "azure/retry_after.py",
        "azure/throttle.py",
    ),
}  # fmt: skip
"""What must not have a line that nothing tried, by part: files of the package."""
TESTS = ("tests/domain", "tests/engine", "tests/journal", "tests/operations", "tests/azure")
FLOOR_PCT = 95.0

Summary = Mapping[str, Any]


def measured() -> dict[str, Summary]:
    """Run the tests under coverage and return what it says of each file, by its place in the package."""
    wanted = ",".join(f"*/avd_failover/{file}" for files in PARTS.values() for file in files)
    with tempfile.TemporaryDirectory() as directory:
        data, report = Path(directory) / "data", Path(directory) / "report.json"
        cover = [sys.executable, "-m", "coverage"]
        run = [*cover, "run", "--branch", f"--include={wanted}", f"--data-file={data}", "-m", "pytest", "-q"]
        subprocess.run([*run, "-p", "no:cacheprovider", *TESTS], cwd=ROOT, stdout=sys.stderr, check=False)
        told = [*cover, "json", f"--data-file={data}", "-q", "-o", str(report)]
        subprocess.run(told, cwd=ROOT, check=True)
        files = json.loads(report.read_text())["files"]
    return {name.partition("avd_failover/")[2]: found for name, found in files.items()}


def shares(files: Mapping[str, Summary]) -> dict[str, tuple[float, float]]:
    """Return the share of lines and that of branches that ran, in percent, by part."""
    return {
        part: (
            _share(files, names, "covered_lines", "num_statements"),
            _share(files, names, "covered_branches", "num_branches"),
        )
        for part, names in PARTS.items()
    }


def _share(files: Mapping[str, Summary], names: tuple[str, ...], ran: str, whole: str) -> float:
    sums = [files[name]["summary"] for name in names if name in files]
    return float(100.0 * sum(one[ran] for one in sums) / max(1, sum(one[whole] for one in sums)))


def missing(files: Mapping[str, Summary]) -> list[str]:
    """Return the lines and branches that nothing ran, by file."""
    return [
        f"{name}: lines {found['missing_lines']}, branches {found['missing_branches']}"
        for name, found in sorted(files.items())
        if found["missing_lines"] or found["missing_branches"]
    ]


def main() -> int:
    """Measure and tell."""
    files = measured()
    found = shares(files)
    sys.stdout.writelines(f"{one}\n" for one in missing(files))
    for part, (lines, branches) in found.items():
        sys.stdout.write(f"{part:<10} lines {lines:6.2f} %  branches {branches:6.2f} %\n")
    return int(any(share < FLOOR_PCT for both in found.values() for share in both))


if __name__ == "__main__":
    raise SystemExit(main())

"""Take out every guard in turn and say whether its tests noticed: ``python -m tests.mutations [NAME]``."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutations.table import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
COPIED = ("avd_failover", "tests", "plans", "runbooks", "scenarios", "pyproject.toml")
TIMEOUT_S = 300
"""A suite that does not end without its guard has noticed, as one that fails has."""


BRIEFLY = ("-o", "timeout=120")
"""One test that hangs is enough."""


def bites(mutation: Mutation, copy: Path) -> bool:
    """Tell whether the named tests fail once the guard is gone; the copy is whole again afterwards."""
    place = copy / "avd_failover" / mutation.file
    whole = place.read_text()
    place.write_text(whole.replace(mutation.old, mutation.new))
    try:
        return _red(mutation.tests, copy)
    finally:
        place.write_text(whole)


def _red(tests: str, copy: Path) -> bool:
    command = [
        sys.executable,
        "-B",
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        *BRIEFLY,
        *tests.split(),
    ]
    try:
        done = subprocess.run(command, cwd=copy, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return True
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"{tests} did not run: {done.stdout.decode()[-2000:]}")
    return done.returncode == 1


def copied(into: Path) -> Path:
    """Copy what the tests need; the working tree is never touched."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, into / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, into / name)
    return into


def survivors(wanted: str = "") -> list[str]:
    """Return the guards that nobody missed."""
    chosen = [one for one in MUTATIONS if wanted in one.name]
    lived = []
    with tempfile.TemporaryDirectory() as directory:
        copy = copied(Path(directory))
        for one in chosen:
            bit = bites(one, copy)
            sys.stderr.write(f"{'bites   ' if bit else 'SURVIVES'}  {one.name}  ({one.tests})\n")
            sys.stderr.flush()
            if not bit:
                lived.append(one.name)
    sys.stderr.write(f"{len(chosen) - len(lived)} of {len(chosen)} guards bite\n")
    return lived


if __name__ == "__main__":
    raise SystemExit(1 if survivors(" ".join(sys.argv[1:])) else 0)

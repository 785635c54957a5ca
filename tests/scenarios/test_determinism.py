"""Equal inputs, equal bytes: journal and history of a rehearsal, in this process and in any other."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from avd_failover.cli.rehearsing import play
from avd_failover.cli.request import read
from avd_failover.simulator.scenario import load_scenario

ROOT = Path(__file__).parents[2]
FOUND = ["small", "reconnect-at-barrier", "autoscale-fights"]

PRINT_DIGESTS = """
import sys
from tests.scenarios.test_determinism import digests
print(*digests(sys.argv[1], int(sys.argv[2])))
"""


def digests(name: str, seed: int) -> tuple[str, str]:
    """SHA-256 of the journal's lines and of the world's history."""
    scenario = load_scenario(ROOT / "scenarios" / f"{name}.yaml")
    played = play(read(str(ROOT / "plans" / f"{scenario.plan}.yaml")), scenario, seed)
    journal, history = b"\n".join(played.store.lines), played.world.history.dump().encode()
    return hashlib.sha256(journal).hexdigest(), hashlib.sha256(history).hexdigest()


@pytest.mark.parametrize("name", FOUND)
def test_the_same_seed_gives_the_same_bytes_twice(name):
    assert digests(name, 7) == digests(name, 7)


def test_another_seed_gives_another_run():
    one, other = digests("small", 7), digests("small", 8)
    assert one[0] != other[0]
    assert one[1] != other[1]


def test_processes_with_different_hash_seeds_agree():
    told = set()
    for hash_seed in ("0", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", PRINT_DIGESTS, "reconnect-at-barrier", "7"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=True,
        )
        told.add(done.stdout.split()[0] + done.stdout.split()[1])
    assert told == {"".join(digests("reconnect-at-barrier", 7))}

"""Play one seed again, and say all about it: ``python -m tests.simulation --seed N --mode M``."""

import argparse
import sys

import msgspec

from tests.simulation.draw import Mode, draw
from tests.simulation.play import play


def main() -> int:
    """Play; the exit code is 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.SAFETY.value)
    asked = parser.parse_args()
    mode = Mode(asked.mode)
    drawn = draw(asked.seed, mode)
    for fault in drawn.faults:
        sys.stdout.write(f"fault  {fault}\n")
    sys.stdout.write(f"kills at boundaries {drawn.kills}, order {drawn.order}\n")
    played = play(asked.seed, mode)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(played)).decode() + "\n")
    return 1 if played.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())

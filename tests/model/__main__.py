"""``python -m tests.model`` runs the largest model; with ``schedules`` it makes schedules.py anew."""

import sys
import time
from pathlib import Path
from textwrap import wrap

from tests.model.checker import Move, explore, told
from tests.model.pair import Pair
from tests.model.protocol import Protocol
from tests.model.variants import FULL, PAIRS, WRONG

HEAD = '''"""The shortest way to break each invariant under each wrong set of rules; made, not written.

``python -m tests.model schedules`` makes it anew; a test holds it to what the checker finds. A move is told
as what happened and, behind a colon, to which group, user or side.
"""

SCHEDULES: dict[str, dict[str, str]] = {
'''


def written(found: dict[str, dict[str, tuple[Move, ...]]]) -> str:
    """Return the text of schedules.py."""
    lines = []
    for variant, schedules in found.items():
        lines.append(f'    "{variant}": {{')
        for invariant, moves in schedules.items():
            parts = wrap(told(moves), 94, drop_whitespace=False)
            lines += [f'        "{invariant}": (', *(f'            "{part}"' for part in parts), "        ),"]
        lines.append("    },")
    return HEAD + "\n".join(lines) + "\n}\n"


def main(arguments: list[str]) -> int:
    """Return the exit code: 1 when the largest model breaks something or is not the size it should have."""
    if arguments == ["schedules"]:
        found = {one.name: explore(Protocol(one.setting, one.rules)).schedules for one in WRONG}
        found |= {one.name: explore(Pair(one.rules)).schedules for one in PAIRS if one.breaks}
        Path(__file__).with_name("schedules.py").write_text(written(found), encoding="utf-8")
        return 0
    began_s = time.process_time()
    seen = explore(Protocol(FULL.setting, FULL.rules))
    took_s = time.process_time() - began_s
    told = ", ".join(f"{name} at {steps}" for name, steps in seen.steps.items()) or "nothing broken"
    sys.stdout.write(f"{FULL.name}: {seen.states} states, {seen.transitions} moves, {told}; {took_s:.0f} s\n")
    return 0 if seen.states == FULL.states and seen.steps == FULL.breaks else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

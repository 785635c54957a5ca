"""Write the golden journals of this version: ``python -m tests.golden``, once, when it is released.

Never again for a version that was released: a golden journal that cannot be read any more is the finding.
"""

import sys

import msgspec

from avd_failover import __version__
from tests.golden.recipes import HERE, RECIPES, told


def main() -> None:
    """Write each journal, and beside it what it adds up to."""
    into = HERE / __version__
    into.mkdir(exist_ok=True)
    for name, recipe in RECIPES.items():
        store = recipe().store
        (into / f"{name}.jsonl").write_bytes(b"".join(line + b"\n" for line in store.lines))
        (into / f"{name}.json").write_bytes(
            msgspec.json.format(msgspec.json.encode({"run": store.run} | told(store))) + b"\n"
        )
        sys.stdout.write(f"{name}: {len(store.lines)} entries\n")


if __name__ == "__main__":
    main()

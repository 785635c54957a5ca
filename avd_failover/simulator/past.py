"""A world as it was some seconds ago, for readers that are answered from a stale replica."""

from typing import TYPE_CHECKING

from avd_failover.simulator.history import Change
from avd_failover.simulator.records import Record

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

Tables = dict[type[Record], dict[str, Record]]


def past_of(world: "World", staleness_s: float) -> "World":
    """Return a copy that shows the state of ``staleness_s`` ago, at the latest the scenario's beginning.

    Its clock shows the present, and budgets are shared; its history and requests are its own. For reading
    only: nothing moves in it.
    """
    core = world.core
    past = type(world)(
        seed=core.seed, starts_at=core.starts_at, physics=core.physics, workload=world.workload
    )
    past.core.now_s = core.now_s
    past.budgets = world.budgets
    for kind, records in _reverted(world, core.now_s - staleness_s).items():
        past.core.load(kind, records)
    return past


def _reverted(world: "World", at_s: float) -> Tables:
    tables: Tables = {kind: dict(records) for kind, records in world.core.tables().items()}
    for entry in reversed(world.history.entries[world.built :]):
        if entry.at_s <= at_s:
            break
        if not isinstance(entry, Change):
            continue
        if entry.before is None:
            tables[entry.kind].pop(entry.target, None)
        else:
            tables[entry.kind][entry.target] = entry.before
    return tables

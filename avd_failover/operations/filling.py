"""What the names in a runbook's texts stand for, in one step of one run (``domain.filling``)."""

from collections.abc import Mapping

from avd_failover.domain.filling import fill
from avd_failover.domain.plan import End
from avd_failover.operations.base import Bound


def values_of(bound: Bound) -> Mapping[str, str]:
    """Return a value for each name of ``domain.filling.NAMES``."""
    route, source, target = bound.route, bound.route.side(End.SOURCE), bound.route.side(End.TARGET)
    return {
        "run": bound.run,
        "step": bound.step.id,
        "plan.name": route.plan.name,
        "direction": route.direction,
        "mode": route.mode.value,
        "source.region": source.region,
        "source.host_pool": source.host_pool,
        "target.region": target.region,
        "target.host_pool": target.host_pool,
    }


def text_of(bound: Bound, name: str) -> str:
    """Return a setting with its names filled in; empty when the step does not have it."""
    return fill(str(bound.step.settings.get(name, "")), values_of(bound))


def texts_of(bound: Bound, name: str) -> tuple[str, ...]:
    """Return a list of texts with their names filled in; empty when the step does not have it."""
    found = bound.step.settings.get(name, ())
    return tuple(fill(one, values_of(bound)) for one in found) if isinstance(found, tuple) else ()

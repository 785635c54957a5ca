"""Against flapping: the way back is not taken right after the way there without a person's word (S20)."""

from avd_failover.domain.plan import End
from avd_failover.domain.route import Route

HOLD_DOWN_S = 3600.0
"""How long after a finished run its reverse needs an explicit confirmation."""


def held_down_s(finished: Route, since_s: float, wanted: Route, *, hold_down_s: float = HOLD_DOWN_S) -> float:
    """Return for how many seconds more a wanted run needs an explicit confirmation; 0 if it needs none.

    ``finished`` is the route of the pool pair's last finished run, which ended ``since_s`` ago. A time that
    cannot be, such as one of a clock that was set back, is taken for "just now".
    """
    reverse = _pools(wanted) == tuple(reversed(_pools(finished)))
    return max(0.0, hold_down_s - max(0.0, since_s)) if reverse else 0.0


def _pools(route: Route) -> tuple[str, str]:
    return route.side(End.SOURCE).host_pool, route.side(End.TARGET).host_pool

"""Which host takes the next session: the emptiest (breadth first) or the fullest with room (depth first).

Thousands of users land on hundreds of hosts, so the answer is not searched for: each pool keeps its open
hosts in a heap by their number of sessions, with an entry for every change, and what is out of date is
dropped when it comes up. Among equals the first in the pool's order wins.
"""

import heapq
from dataclasses import dataclass, field

from avd_failover.simulator.core import Core
from avd_failover.simulator.doors import Doors, PoolDoors
from avd_failover.simulator.records import HostPool, SessionHost, UserSession, key
from avd_failover.simulator.sessions import Sessions


@dataclass(kw_only=True, slots=True)
class _Queue:
    """The open hosts of one pool, as long as its doors are the same."""

    doors: PoolDoors
    balancing: str
    limit: int
    place: dict[str, int] = field(default_factory=dict)
    heap: list[tuple[int, int, str]] = field(default_factory=list)

    def suits(self, pool: HostPool) -> bool:
        return (self.balancing, self.limit) == (pool.load_balancer_type, pool.max_session_limit)

    def rank(self, sessions: int) -> int:
        return sessions if self.balancing == "BreadthFirst" else -sessions


class Landing:
    """The queues of every pool."""

    def __init__(self, core: Core, doors: Doors, sessions: Sessions) -> None:
        self._doors = doors
        self._sessions = sessions
        self._queues: dict[str, _Queue] = {}
        core.watch(UserSession, self._changed)

    def host_for(self, pool: HostPool) -> SessionHost | None:
        """Return the host that the next session of a pool goes to; None when none has room."""
        queue = self._queue(pool)
        while queue.heap:
            rank, place, host = queue.heap[0]
            sessions = self._sessions.count_at(host)
            if rank == queue.rank(sessions) and sessions < queue.limit:
                return queue.doors.open_hosts[place][1]
            heapq.heappop(queue.heap)  # out of date, or full: it comes back with its next change
        return None

    def _queue(self, pool: HostPool) -> _Queue:
        doors, name = self._doors.of(pool.id), key(pool.id)
        queue = self._queues.get(name)
        if queue is None or queue.doors is not doors or not queue.suits(pool):
            queue = _Queue(doors=doors, balancing=pool.load_balancer_type, limit=pool.max_session_limit)
            for place, (host, _) in enumerate(doors.open_hosts):
                queue.place[host] = place
                queue.heap.append((queue.rank(self._sessions.count_at(host)), place, host))
            heapq.heapify(queue.heap)
            self._queues[name] = queue
        return queue

    def _changed(self, before: UserSession | None, after: UserSession | None) -> None:
        session = after or before
        if session is None or (before is not None and after is not None):
            return
        queue, host = self._queues.get(key(session.host_pool)), key(session.host)
        if queue is not None and host in queue.place:
            rank = queue.rank(self._sessions.count_at(host))
            heapq.heappush(queue.heap, (rank, queue.place[host], host))

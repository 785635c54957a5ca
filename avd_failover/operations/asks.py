"""What each operation reads, by verb of the seam and by end: the other half of its rights.

``OperationSpec.changes`` says what an operation may change; this says what it may ask. A test lets every
operation look at many worlds and fails when a row has one verb more or less than were seen. What is asked
outside Azure takes no right there and is left out.
"""

from avd_failover.domain.needs import Ask, Asks
from avd_failover.domain.plan import End

BOTH = (End.SOURCE, End.TARGET)


def _asks(*verbs: str, ends: tuple[End, ...] = ()) -> tuple[Ask, ...]:
    return tuple(Ask(verb=verb, ends=ends) for verb in verbs)


def _entry(*ends: End) -> tuple[Ask, ...]:
    """Every way in at these ends (``operations.entry``)."""
    return _asks(
        "pools.application_groups",
        "pools.application_group",
        "assignments.at_or_above",
        "assignments.get",
        "assignments.definitions",
        "directory.members",
        ends=ends,
    )


_HOSTS = _asks("hosts.list", "hosts.get")
_ASLEEP = (*_HOSTS, *_asks("machines.get"))
_DESKS = (*_HOSTS, *_asks("recovery.items", "recovery.jobs"))
_SEATS = (*_asks("pools.get"), *_ASLEEP)
_PAIRS = _asks("assignments.at_or_above", "assignments.get")
_GHOSTS = _asks("hosts.get", "machines.get")
_PRODUCTION = _asks(
    "pools.get",
    "pools.application_groups",
    "hosts.list",
    "scaling.get",
    "scaling.schedules",
    "assignments.at_or_above",
    "assignments.get",
    ends=BOTH,
)

_RESTORE = _asks("hosts.list", "scaling.get", "scaling.schedules", "pools.get", "machines.get")

ASKS: Asks = {
    "checks.readiness": (
        *_asks("pools.get", ends=BOTH),
        *_entry(*BOTH),
        *_asks("hosts.list", "hosts.get", "assignments.count", ends=(End.TARGET,)),
    ),
    "scaling.raise": _asks("scaling.schedules"),
    "scaling.suspend": _asks("scaling.get"),
    "pool.start-on-connect": _asks("pools.get"),
    "hosts.drain": _HOSTS,
    "hosts.start": _SEATS,
    "hosts.wake": _ASLEEP,
    "hosts.rest": _ASLEEP,
    "hosts.registered": (),
    "capacity.prove": _SEATS,
    "notify.users": _asks("sessions.list"),
    "sessions.logoff": (*_asks("sessions.list"), *_GHOSTS),
    "assignments.revoke": _PAIRS,
    "assignments.grant": _asks("assignments.at_or_above", "assignments.get", ends=BOTH),
    "assignments.withdraw": _asks("assignments.get"),
    "assignments.restore": _asks("assignments.get"),
    "barrier": (*_SEATS, *_asks("scaling.get", "sessions.list"), *_entry(End.SOURCE)),
    "reconcile": (
        *_asks("assignments.at_or_above", "assignments.get", ends=BOTH),
        *_asks("sessions.list", *(ask.verb for ask in _GHOSTS), ends=(End.SOURCE,)),
    ),
    "personal.readiness": (
        *_DESKS,
        *_asks("recovery.plan"),
        *_asks("pools.get"),
        *_asks("reservations.get", ends=(End.TARGET,)),
    ),
    "personal.owners-record": _HOSTS,
    "personal.owners-prove": _HOSTS,
    "personal.extensions-record": (*_DESKS, *_asks("machines.extensions")),
    "personal.extensions-apply": (*_DESKS, *_asks("machines.extensions")),
    "personal.stop-source": (*_DESKS, *_asks("machines.get")),
    "personal.failover": (*_DESKS, *_asks("recovery.plan", "recovery.recovery_points")),
    "personal.validate": (*_DESKS, *_asks("machines.get", "recovery.recovery_points")),
    "personal.commit": (*_DESKS, *_asks("recovery.plan", "machines.get", "recovery.recovery_points")),
    "personal.open": (*_DESKS, *_asks("machines.get", "pools.get")),
    "personal.reprotect": (*_DESKS, *_asks("machines.get", "recovery.mappings")),
    "personal.protected": _DESKS,
    "command": (),
    "webhook": (),
    "gate": (),
    "profiles.confirm": (),
    "production.record": _PRODUCTION,
    "production.prove": (*_PRODUCTION, *_asks("directory.members", ends=BOTH)),
    "drill.hold": (*_asks("sessions.list"), *_entry(End.TARGET)),
    "drill.verdict": (),
    "restore": _RESTORE,
    "restore.earlier": _RESTORE,
}
"""Operation to what it asks when everybody moves; every operation of the catalogue has a row.

In a partial run others than the readiness gate ask for members and paths too, to know whose a session is;
never for more than the readiness gate did, which every runbook begins with.
"""

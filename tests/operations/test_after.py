"""What a refusal means for a step, by operation and by what Azure said."""

import pytest

from avd_failover.domain.faults import RefusedError
from avd_failover.engine.send import send
from avd_failover.operations.base import AfterRefusal, NotYet, Proven
from avd_failover.operations.efforts import NO_CAPACITY
from avd_failover.operations.registry import CATALOGUE
from tests.operations.drive import THERE, bound_operation, confined_to, look, planned, stage_with
from tests.operations.test_properties import BUSY

STOP, LEAVE, AGAIN = AfterRefusal.STOP, AfterRefusal.LEAVE, AfterRefusal.AGAIN

TABLE = [
    # operation, status, code, what follows
    ("assignments.revoke", 403, "AuthorizationFailed", STOP),
    ("assignments.revoke", 409, "ScopeLocked", STOP),
    ("assignments.revoke", 409, "RoleAssignmentExists", STOP),
    ("assignments.grant", 409, "RoleAssignmentExists", LEAVE),
    ("assignments.grant", 400, "PrincipalNotFound", AGAIN),
    ("assignments.grant", 400, "RoleAssignmentUpdateNotPermitted", STOP),
    ("assignments.grant", 400, "RoleAssignmentLimitExceeded", STOP),
    ("assignments.grant", 403, "AuthorizationFailed", STOP),
    ("assignments.grant", 403, "LinkedAuthorizationFailed", STOP),
    ("assignments.grant", 409, "Conflict", STOP),
    ("sessions.logoff", 404, "404", AGAIN),
    ("sessions.logoff", 403, "AuthorizationFailed", STOP),
    ("sessions.logoff", 409, "Conflict", STOP),
    ("barrier", 404, "404", AGAIN),
    ("barrier", 403, "AuthorizationFailed", STOP),
    ("notify.users", 404, "404", LEAVE),
    ("notify.users", 403, "AuthorizationFailed", LEAVE),
    ("notify.users", 400, "InvalidMessage", LEAVE),
    ("hosts.drain", 404, "404", AGAIN),
    ("hosts.drain", 403, "AuthorizationFailed", STOP),
    ("hosts.start", 409, "AllocationFailed", LEAVE),
    ("hosts.start", 409, "ZonalAllocationFailed", LEAVE),
    ("hosts.start", 409, "OverconstrainedAllocationRequest", LEAVE),
    ("hosts.start", 409, "OverconstrainedZonalAllocationRequest", LEAVE),
    ("hosts.start", 409, "SkuNotAvailable", LEAVE),
    ("hosts.start", 409, "OperationNotAllowed", LEAVE),
    ("hosts.start", 403, "AuthorizationFailed", STOP),
    ("hosts.start", 409, "Conflict", STOP),
    ("hosts.wake", 409, "AllocationFailed", LEAVE),
    ("hosts.wake", 403, "AuthorizationFailed", STOP),
    ("scaling.raise", 404, "404", STOP),
    ("scaling.raise", 400, "BadRequest", STOP),
    ("scaling.suspend", 403, "AuthorizationFailed", STOP),
    ("scaling.suspend", 404, "404", STOP),
    ("pool.start-on-connect", 403, "AuthorizationFailed", STOP),
    ("pool.start-on-connect", 404, "404", STOP),
]


@pytest.mark.parametrize(("uses", "status", "code", "wanted"), TABLE)
def test_a_refusal_means(uses: str, status: int, code: str, wanted: AfterRefusal) -> None:
    stage = stage_with(*BUSY)
    for action in planned(stage, uses):
        refusal = RefusedError(f"refused with {code}", code=code, status=status, target=action.target)
        assert bound_operation(stage, uses).after(action, refusal) is wanted


def test_every_operation_that_acts_has_rows() -> None:
    assert {uses for uses, *_ in TABLE} == {name for name in THERE if CATALOGUE[name].changes}


def test_every_code_that_says_there_is_no_room_has_a_row() -> None:
    assert {code for uses, _, code, after in TABLE if uses == "hosts.start" and after is LEAVE} == NO_CAPACITY


async def test_a_twin_that_no_listing_shows_yet_is_refused_left_and_found_later() -> None:
    """Somebody granted the pair under a name of their own: the run must neither grant twice nor delete it."""
    stage = stage_with("assign nobody", "assign all at target", "hides GRP3 on LAB at target")
    operation = bound_operation(stage, "assignments.grant")
    (action,), verdict = (await look(operation, stage))[0].actions, (await look(operation, stage))[1]
    assert isinstance(verdict, NotYet)
    with pytest.raises(RefusedError) as refused:
        await send(confined_to(stage), action)
    assert operation.after(action, refused.value) is LEAVE
    stage.change("settles listings")
    moves, verdict = await look(operation, stage)
    assert moves.actions == ()
    assert isinstance(verdict, Proven)

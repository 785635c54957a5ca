"""Whether a way back passes a barrier: wherever users have, or had, access at the end that is left then."""

import pytest

from avd_failover.domain.actions import Action
from avd_failover.domain.estate import PoolKind
from avd_failover.domain.graph import StepGraph
from avd_failover.domain.rollback import no_way_back, way_back
from tests.journal.builders import drain, grant, revoke
from tests.recovery_actions import FAIL_OVER

FORWARD = StepGraph(runbook="r", summary="", pool=PoolKind.POOLED, steps=())
CASES: list[tuple[str, tuple[Action, ...], bool, bool]] = [
    ("a failover that only drained", (drain(),), False, False),
    ("a failover that revoked: nobody was ever there", (drain(), revoke()), False, False),
    ("a failover that granted", (drain(), revoke(), grant()), False, True),
    ("a way home that only drained", (drain(),), True, False),
    ("a way home that revoked: users know the hosts it opened", (drain(), revoke()), True, True),
    ("a way home that granted", (drain(), revoke(), grant()), True, True),
]


@pytest.mark.parametrize(("changed", "homeward", "barred"), [r[1:] for r in CASES], ids=[r[0] for r in CASES])
def test_access_returns_through_a_barrier(changed, homeward, barred) -> None:
    steps = {step.id: step for step in way_back(FORWARD, changed, homeward=homeward).steps}
    assert ("back-barrier" in steps) is barred
    if barred:
        assert steps["back-restore-left"].needs == ("back-barrier",)
        assert steps["back-access"].needs == ("back-restore-left",)


@pytest.mark.parametrize("changed", [(), (drain(),), (drain(), revoke(), grant())])
def test_what_moved_no_machine_can_be_turned_back(changed) -> None:
    assert no_way_back(changed) == ""


def test_a_failover_of_a_machine_bars_the_way_back_and_the_desktop_counts_once() -> None:
    because = no_way_back((drain(), FAIL_OVER, FAIL_OVER))
    assert because.startswith("1 desktop failed over, or about to")
    assert "failback" in because

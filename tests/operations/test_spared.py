"""A run that leaves somebody in a pool never closes it, whatever its runbook says (contract 154)."""

import pytest

from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End
from avd_failover.domain.rights import UNDOES
from avd_failover.operations.base import Bound
from avd_failover.operations.registry import CATALOGUE, operation_for
from avd_failover.operations.spared import CLOSES, Spared
from tests.domain.builders import group, plan, route
from tests.operations.drive import see
from tests.operations.places import make_route
from tests.operations.staging import STEP, Stage

PARTIAL = [
    route(groups=("GRP1",)),
    route(app_groups=("DAG",)),
    route(plan=plan(test_group=group(9)), test=True),
]


def bound(run, uses: str, end: End = End.SOURCE) -> Bound:
    return Bound(run="run-1", epoch=1, route=run, step=Step(id=STEP, uses=uses, side=end))


@pytest.mark.parametrize("uses", sorted(CLOSES))
@pytest.mark.parametrize("run", PARTIAL, ids=["groups", "application groups", "drill"])
@pytest.mark.parametrize("end", list(End))
def test_in_a_partial_run_a_step_that_closes_a_pool_leaves_it_open(uses, run, end):
    operation = operation_for(bound(run, uses, end))
    moves, verdict = see(operation, Stage(make_route()))
    assert isinstance(operation, Spared)
    assert (moves.actions, [one.target for one in moves.skipped]) == ((), [run.side(end).host_pool])
    assert verdict.because == "others work in this pool, so it stays open"


@pytest.mark.parametrize("uses", sorted(CLOSES))
def test_in_a_whole_run_it_does_what_it_says(uses):
    moves, _ = see(operation_for(bound(make_route(), uses)), Stage(make_route()))
    assert moves.actions


def test_whatever_changes_hosts_or_settings_on_the_side_that_is_left_is_among_them():
    """Raising floors and starting machines take nothing from anybody, nor does resting a host on which nobody
    is and which others did not start; everything else does."""
    closing = {"host.logons", "autoscale.pools", "pool.start-on-connect"}
    found = {name for name, spec in CATALOGUE.items() if closing & set(spec.changes)}
    assert closing <= set(UNDOES)
    assert {name for name in found if not name.startswith(("restore", "personal.", "hosts.rest"))} == CLOSES


def test_no_runbook_may_name_it():
    assert Spared.spec.name not in CATALOGUE

"""The graph that pays what a run owes: first nobody can come in, then the debts, then proof."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.estate import PoolKind
from avd_failover.domain.graph import IfUnreachable, Step, StepGraph
from avd_failover.domain.plan import End
from avd_failover.domain.settling import DAY_S, GUARD, HOUR_S, PREFIX, settling
from avd_failover.operations.registry import CATALOGUE

DRAIN = Step(id="drain-source", uses="hosts.drain", side=End.SOURCE)
LOGOFF = Step(id="logoff-source", uses="sessions.logoff", side=End.SOURCE, settings={"force": True})
FLOOR = Step(id="warm", uses="scaling.raise", side=End.TARGET, settings={"share": 80}, summary="Warm it.")
REST = Step(id="put-away", uses="restore", side=End.SOURCE)
FORWARD = StepGraph(
    runbook="pooled-failover", summary="Move everybody", pool=PoolKind.POOLED, steps=(DRAIN, LOGOFF)
)
ONCE_GUARDED = ("settle-autoscale", "settle-start-on-connect", "settle-drain", "settle-access")

owed_steps = st.lists(st.sampled_from([DRAIN, LOGOFF, FLOOR, REST]), unique_by=lambda step: step.id)


def ids(*owed: Step, pool: PoolKind = PoolKind.POOLED) -> list[str]:
    return [step.id for step in settling(FORWARD, owed, pool).steps]


GRAPHS = [
    ("only what the guard does anyway", (DRAIN, LOGOFF), []),
    ("nothing at all: the guard looks all the same", (), []),
    ("a debt of another kind comes after the guard", (REST,), ["settle-put-away"]),
    ("several, in the order of their run", (REST, DRAIN, FLOOR), ["settle-put-away", "settle-warm"]),
]


@pytest.mark.parametrize(("owed", "between"), [row[1:] for row in GRAPHS], ids=[row[0] for row in GRAPHS])
def test_a_pooled_source_is_barred_first_then_paid_then_proven(owed, between) -> None:
    assert ids(*owed) == [
        *ONCE_GUARDED,
        "settle-sessions",
        *between,
        "settle-empty",
        "settle-reconcile",
    ]


def test_the_guard_shuts_every_way_in_before_it_ends_a_session() -> None:
    """What could start a host comes before the hosts, and the hosts before the people on them."""
    assert [uses for _, uses in GUARD] == [
        "scaling.suspend",
        "pool.start-on-connect",
        "hosts.drain",
        "assignments.revoke",
        "sessions.logoff",
    ]


def test_the_last_two_steps_prove_it_and_let_nothing_arrive_late() -> None:
    *_, empty, last = settling(FORWARD, (DRAIN,), PoolKind.POOLED).steps
    assert (empty.uses, last.uses, last.needs) == ("barrier", "reconcile", (empty.id,))


def test_personal_desktops_pay_what_they_owe_and_nothing_else() -> None:
    steps = settling(FORWARD, (REST, DRAIN), PoolKind.PERSONAL).steps
    assert [(step.id, step.needs) for step in steps] == [
        ("settle-put-away", ()),
        ("settle-drain-source", ("settle-put-away",)),
    ]


def test_replicating_back_is_paid_when_the_first_replication_is_complete() -> None:
    owed = Step(id="reprotect", uses="personal.reprotect", side=End.SOURCE)
    first, last = settling(FORWARD, (owed,), PoolKind.PERSONAL).steps
    assert (first.id, last.id, last.uses) == ("settle-reprotect", "settle-protected", "personal.protected")
    assert (last.needs, last.proof_within_s) == ((first.id,), DAY_S)
    assert last.uses in CATALOGUE


def test_a_debt_keeps_its_side_its_settings_and_what_it_is_for() -> None:
    paid = next(
        step for step in settling(FORWARD, (FLOOR,), PoolKind.POOLED).steps if step.uses == FLOOR.uses
    )
    assert (paid.side, paid.settings, paid.summary) == (FLOOR.side, FLOOR.settings, FLOOR.summary)


def test_the_graph_says_what_it_settles() -> None:
    graph = settling(FORWARD, (DRAIN,), PoolKind.POOLED)
    assert graph.runbook == "pooled-failover (settle)"
    assert "unable to take anybody in" in graph.summary


@given(owed_steps, st.sampled_from(PoolKind))
def test_one_thing_at_a_time_each_after_the_one_before(owed, pool) -> None:
    steps = settling(FORWARD, owed, pool).steps
    assert [step.needs for step in steps] == [(), *((step.id,) for step in steps[:-1])][: len(steps)]


@given(owed_steps, st.sampled_from(PoolKind))
def test_a_source_that_is_still_dark_holds_and_never_owes_again(owed, pool) -> None:
    for step in settling(FORWARD, owed, pool).steps:
        assert (step.if_unreachable, step.proof_within_s) == (IfUnreachable.HOLD, HOUR_S)


@given(owed_steps, st.sampled_from(PoolKind))
def test_every_step_has_a_name_of_its_own_and_an_operation_that_exists(owed, pool) -> None:
    steps = settling(FORWARD, owed, pool).steps
    assert len({step.id for step in steps}) == len(steps)
    assert all(step.id.startswith(PREFIX) for step in steps)
    assert {step.uses for step in steps} <= set(CATALOGUE)


@given(owed_steps, st.sampled_from(PoolKind))
def test_every_debt_is_paid_by_exactly_one_step(owed, pool) -> None:
    uses = [step.uses for step in settling(FORWARD, owed, pool).steps]
    assert [uses.count(step.uses) for step in owed] == [1] * len(owed)


def test_two_debts_of_one_operation_are_both_paid() -> None:
    one, other = (Step(id=name, uses="restore", side=End.SOURCE) for name in ("put-a", "put-b"))
    assert ids(one, other, pool=PoolKind.PERSONAL) == ["settle-put-a", "settle-put-b"]

"""Production in words: equal words, equal things; every difference is named (contract 154)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from avd_failover.domain.estate import HostStatus, PoolReference, ScalingPlan, ScheduleFloor
from avd_failover.domain.ids import machine_id, scaling_plan_id
from avd_failover.domain.production import (
    CATEGORIES,
    category_of,
    differences,
    digest,
    in_figures,
    of_assignment,
    of_host,
    of_pool,
    of_scaling,
)
from tests.domain.builders import (
    DAG_NEU,
    DAG_WEU,
    assignment,
    gid,
    host,
    host_pool,
    pool,
    resource,
    resource_group,
)

HELD = assignment(DAG_WEU, gid(1))
CHANGES: list[dict[str, str]] = [
    {"scope": DAG_NEU},
    {"principal_id": gid(2)},
    {"principal_type": "User"},
    {"role_definition_id": "/providers/microsoft.authorization/roledefinitions/other"},
    {"condition": "true"},
    {"condition_version": "2.0"},
    {"description": "CHG1"},
]


@pytest.mark.parametrize("change", CHANGES, ids=[",".join(change) for change in CHANGES])
def test_every_property_of_an_assignment_shows_in_its_words(change):
    assert of_assignment(replace(HELD, **change)) != of_assignment(HELD)


def test_a_host_is_its_machine_and_its_drain_flag_and_not_how_it_feels():
    one = host(1)
    assert of_host(replace(one, allows_new_sessions=False)) != of_host(one)
    machine = machine_id(f"{resource_group('weu')}/providers/microsoft.compute/virtualmachines/vm-1")
    assert of_host(replace(one, machine=machine)) != of_host(one)
    assert of_host(replace(one, status=HostStatus.SHUTDOWN, sessions=7)) == of_host(one)


def test_a_pool_and_a_scaling_plan_are_their_settings():
    one = host_pool()
    assert of_pool(replace(one, start_on_connect=not one.start_on_connect)) != of_pool(one)
    plan = ScalingPlan(
        id=scaling_plan_id(resource("weu", "scalingPlans", "sp")),
        references=(PoolReference(host_pool=pool("weu"), enabled=True),),
    )
    off = replace(plan, references=(PoolReference(host_pool=pool("weu"), enabled=False),))
    assert of_scaling(off) != of_scaling(plan)


def test_every_kind_of_thing_has_its_category():
    told = [of_assignment(HELD), of_host(host(1)), of_pool(host_pool())]
    assert [category_of(words) for words in told] == ["assignment", "host", "pool"]
    assert [name for name, _, _ in in_figures({})] == list(CATEGORIES)
    assert ScheduleFloor.__struct_fields__  # the words of a schedule are its floor's fields


THINGS = st.dictionaries(st.text("abc/", min_size=1, max_size=4), st.text("xyz", min_size=1), max_size=6)


@given(THINGS, THINGS)
def test_digests_are_equal_exactly_when_nothing_differs(before, now):
    assert (digest(before) == digest(now)) == (differences(before, now) == ())


@given(THINGS, THINGS)
def test_every_difference_is_named_once_with_both_states(before, now):
    found = differences(before, now)
    assert [one.target for one in found] == sorted({one.target for one in found})
    for one in found:
        assert (before.get(one.target, ""), now.get(one.target, "")) == (one.before, one.now)
        assert one.sentence


@given(THINGS)
def test_the_order_of_things_is_nothing_to_a_digest(things):
    assert digest(dict(reversed(list(things.items())))) == digest(things)


WORDS = [
    ("", "host {}", "h is new: host {}"),
    ("host {}", "", "h is gone: host {}"),
    ("host {1}", "host {2}", "h was host {1}, is host {2}"),
]


@pytest.mark.parametrize(("before", "now", "sentence"), WORDS)
def test_a_difference_says_what_became_of_the_thing(before, now, sentence):
    (one,) = differences(
        {"/pools/h": before} if before else {},
        {"/pools/h": now} if now else {},
    )
    assert one.sentence == sentence

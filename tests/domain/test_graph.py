"""A step graph is closed and acyclic once built, and its ready steps come in file order."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.estate import PoolKind
from avd_failover.domain.graph import GraphError, IfUnreachable, OnFailure, Step, StepGraph
from avd_failover.domain.plan import Mode


def graph(**needs):
    steps = tuple(Step(id=step, uses="gate", needs=tuple(wanted.split())) for step, wanted in needs.items())
    return StepGraph(runbook="test", summary="", pool=PoolKind.POOLED, steps=steps)


def ids(steps):
    return [step.id for step in steps]


DIAMOND = {"check": "", "drain": "check", "warm": "check", "grant": "drain warm", "close": "grant"}

FAULTS = [
    ("a need that does not exist", {"a": "b"}, "step a needs b, which is no step of this runbook"),
    ("a step that needs itself", {"a": "a"}, "in a circle: a"),
    ("two that need each other", {"a": "b", "b": "a"}, "in a circle: a, b"),
    (
        "a circle behind a start",
        {"s": "", "a": "s c", "b": "a", "c": "b", "d": "c"},
        "in a circle: a, b, c, d",
    ),
]


@pytest.mark.parametrize(("needs", "words"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_what_is_no_graph_is_refused_with_its_steps_named(needs, words):
    with pytest.raises(GraphError, match=words):
        graph(**needs)


def test_an_id_used_twice_is_refused():
    twice = (Step(id="a", uses="gate"), Step(id="a", uses="gate"))
    with pytest.raises(GraphError, match="used twice: a"):
        StepGraph(runbook="test", summary="", pool=PoolKind.POOLED, steps=twice)


def test_a_graph_read_from_a_journal_is_checked_too():
    text = msgspec.json.encode(graph(**DIAMOND))
    assert msgspec.json.decode(text, type=StepGraph) == graph(**DIAMOND)
    with pytest.raises(msgspec.ValidationError, match="needs nothing"):
        msgspec.json.decode(text.replace(b'["check"]', b'["nothing"]', 1), type=StepGraph)


def test_a_step_is_found_by_its_id():
    assert graph(**DIAMOND).step("warm").needs == ("check",)
    with pytest.raises(KeyError, match="nothing"):
        graph(**DIAMOND).step("nothing")


READY = [
    ("at the start", [], [], ["check"]),
    ("while the first runs", [], ["check"], []),
    ("after the first", ["check"], ["check"], ["drain", "warm"]),
    ("one branch begun", ["check"], ["check", "warm"], ["drain"]),
    ("one branch ended", ["check", "warm"], ["check", "warm", "drain"], []),
    ("both branches ended", ["check", "warm", "drain"], ["check", "warm", "drain"], ["grant"]),
    ("all ended", list(DIAMOND), list(DIAMOND), []),
]


@pytest.mark.parametrize(
    ("ended", "begun", "expected"), [case[1:] for case in READY], ids=[case[0] for case in READY]
)
def test_a_step_is_ready_when_its_needs_ended_and_it_has_not_begun(ended, begun, expected):
    assert ids(graph(**DIAMOND).ready(ended, begun)) == expected


def test_ranks_come_in_order_and_each_in_file_order():
    assert [ids(rank) for rank in graph(**DIAMOND).levels()] == [
        ["check"],
        ["drain", "warm"],
        ["grant"],
        ["close"],
    ]


def test_file_order_decides_among_equals_even_when_needs_come_later_in_the_file():
    assert [ids(rank) for rank in graph(z="a", a="", m="a", b="").levels()] == [["a", "b"], ["z", "m"]]


def test_a_step_is_careful_by_default():
    step = Step(id="a", uses="gate")
    assert (step.on_failure, step.if_unreachable) == (OnFailure.HOLD, IfUnreachable.HOLD)
    assert step.modes == (Mode.PLANNED, Mode.UNPLANNED)
    assert step.proof_within_s == 900


edges = st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=10)


def drawn(lists):
    """Needs among steps; a need may point anywhere, so that some of these are no graphs."""
    names = [f"s{place}" for place in range(len(lists))]
    return {
        name: " ".join(names[one % len(names)] for one in some)
        for name, some in zip(names, lists, strict=True)
    }


def reaches(needs, start):
    seen, edge = set(), needs[start].split()
    while edge:
        here = edge.pop()
        if here not in seen:
            seen.add(here)
            edge += needs[here].split()
    return seen


@given(edges)
def test_exactly_the_graphs_without_a_circle_are_accepted(lists):
    needs = drawn(lists)
    circle = any(step in reaches(needs, step) for step in needs)
    try:
        built = graph(**needs)
    except GraphError:
        assert circle
        return
    assert not circle
    order = [step.id for rank in built.levels() for step in rank]
    assert sorted(order) == sorted(needs)
    assert all(order.index(need) < order.index(step) for step in needs for need in needs[step].split())


@given(edges, st.data())
def test_running_ready_steps_in_any_order_reaches_every_step_once(lists, data):
    needs = drawn([[one % place for one in some] if place else [] for place, some in enumerate(lists)])
    built, run = graph(**needs), []
    ended: set[str] = set()
    while ready := built.ready(ended, ended):
        run.append(data.draw(st.sampled_from(ids(ready))))
        ended.add(run[-1])
    assert sorted(run) == sorted(needs)

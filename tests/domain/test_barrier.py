"""The barrier holds exactly when the source is proven empty and closed (S4, S7; matrix rows 1 and 7)."""

from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from avd_failover.domain.barrier import HURRIED_LOOKS, Holds, NotYet, judge
from avd_failover.domain.estate import HostStatus, PowerState
from avd_failover.domain.plan import BarrierProof, Policies
from tests.domain.builders import host_look, look

FASTEST, SETTLE, PHYSICAL = BarrierProof.FASTEST, BarrierProof.SETTLE, BarrierProof.PHYSICAL
D = Policies().propagation_s


def judged(looks, rule):
    return judge(looks, rule)


def policies(proof=FASTEST, **changes):
    return Policies(barrier=proof, **changes)


OPEN = (host_look(1), host_look(2, drained=False))
"""Hosts of which one still takes logons: no physical proof."""

HOLDING = [
    ("two looks at a barred source", FASTEST, [look(100), look(130)], PHYSICAL, 100, (100, 130)),
    (
        "the same, when only physical proof counts",
        PHYSICAL,
        [look(100), look(130)],
        PHYSICAL,
        100,
        (100, 130),
    ),
    (
        "more looks than needed, close together",
        FASTEST,
        [look(at) for at in (100, 110, 120, 130, 140)],
        PHYSICAL,
        100,
        (100, 130),
    ),
    (
        "barred while sessions are still being logged off",
        FASTEST,
        [look(100, live_sessions=3), look(115), look(145)],
        PHYSICAL,
        100,
        (115, 145),
    ),
    (
        "open hosts, after the settle time",
        FASTEST,
        [look(D, hosts=OPEN), look(D + 30, hosts=OPEN)],
        SETTLE,
        D,
        (D, D + 30),
    ),
    ("barred, when only the settle time counts", SETTLE, [look(D), look(D + 30)], SETTLE, D, (D, D + 30)),
    (
        "zero looks before the settle time do not count, and do no harm",
        SETTLE,
        [look(at) for at in (500, 600, D + 1, D + 40)],
        SETTLE,
        D,
        (D + 1, D + 40),
    ),
    (
        "nothing revoked: the settle time runs from the first look",
        SETTLE,
        [look(at, last_revoke_s=None) for at in (50, 50 + D, 80 + D)],
        SETTLE,
        50 + D,
        (50 + D, 80 + D),
    ),
    (
        "the last of several revokes counts",
        SETTLE,
        [look(40, last_revoke_s=10), look(D + 20, last_revoke_s=20), look(D + 50)],
        SETTLE,
        D + 20,
        (D + 20, D + 50),
    ),
    ("barred late, settled before", FASTEST, [look(D, hosts=OPEN), look(D + 30)], SETTLE, D, (D, D + 30)),
    ("both at the same look", FASTEST, [look(D), look(D + 30)], PHYSICAL, D, (D, D + 30)),
    (
        "a drained host without power reading",
        PHYSICAL,
        [look(at, hosts=(host_look(power=None),)) for at in (0, 30)],
        PHYSICAL,
        0,
        (0, 30),
    ),
    (
        "a host that is off need not be drained",
        PHYSICAL,
        [look(at, hosts=(host_look(drained=False, power=PowerState.DEALLOCATED),)) for at in (0, 30)],
        PHYSICAL,
        0,
        (0, 30),
    ),
    ("a pool without hosts", PHYSICAL, [look(at, hosts=()) for at in (0, 30)], PHYSICAL, 0, (0, 30)),
    (
        "a host that appears drained",
        PHYSICAL,
        [look(0), look(30, hosts=(*look(0).hosts, host_look(3)))],
        PHYSICAL,
        0,
        (0, 30),
    ),
    (
        "a gap, then two looks",
        PHYSICAL,
        [look(0, gaps=("no answer",)), look(30), look(60)],
        PHYSICAL,
        30,
        (30, 60),
    ),
    (
        "a host that went, then two looks",
        PHYSICAL,
        [look(0), look(30, hosts=(host_look(1),)), look(60, hosts=(host_look(1),))],
        PHYSICAL,
        30,
        (30, 60),
    ),
]


@pytest.mark.parametrize(
    ("proof", "looks", "by", "since", "used"),
    [case[1:] for case in HOLDING],
    ids=[case[0] for case in HOLDING],
)
def test_the_barrier_holds(proof, looks, by, since, used):
    verdict = judged(looks, policies(proof))
    assert isinstance(verdict, Holds)
    assert (verdict.proof, verdict.since_s, verdict.looks) == (by, since, used)


def power(state, status=HostStatus.SHUTDOWN):
    return (host_look(1), host_look(2, status=status, power=state))


BREAKS = [
    ("a gap", {"gaps": ("sessions of host-1: no answer",)}, "sessions of host-1: no answer"),
    ("an incomplete list of hosts", {"hosts_complete": False}, "the list of hosts is incomplete"),
    ("an incomplete list of sessions", {"sessions_complete": False}, "the list of sessions is incomplete"),
    ("a session", {"live_sessions": 1}, "1 session on the source"),
    ("sessions", {"live_sessions": 7}, "7 sessions on the source"),
    *(
        (
            f"a host that says {status.value}",
            {"hosts": (host_look(1), host_look(2, status=status))},
            "1 host not reporting and not known to be off: host-2",
        )
        for status in (
            HostStatus.UNKNOWN,
            HostStatus.UNAVAILABLE,
            HostStatus.NO_HEARTBEAT,
            HostStatus.DISCONNECTED,
        )
    ),
    (
        "a host said to be shut down whose machine runs",
        {"hosts": power(PowerState.RUNNING)},
        "1 host not reporting and not known to be off: host-2",
    ),
    (
        "a host on its way down",
        {"hosts": power(PowerState.DEALLOCATING)},
        "1 host not reporting and not known to be off: host-2",
    ),
    (
        "an unavailable host whose machine nobody could read",
        {"hosts": power(None, HostStatus.UNAVAILABLE)},
        "1 host not reporting and not known to be off: host-2",
    ),
    ("a host that is not listed any more", {"hosts": (host_look(1),)}, "1 host not listed any more: host-2"),
]

DOORS = [
    ("a host that is not drained", {"hosts": OPEN}, "1 host neither drained nor stopped: host-2"),
    (
        "an undrained host that appears",
        {"hosts": (*look(0).hosts, host_look(3, drained=False))},
        "1 host neither drained nor stopped: host-3",
    ),
    (
        "an undrained host still stopping",
        {"hosts": (host_look(1), host_look(2, drained=False, power=PowerState.STOPPING))},
        "1 host neither drained nor stopped: host-2",
    ),
    ("Start VM on Connect", {"start_on_connect": True}, "Start VM on Connect is on"),
    ("autoscale", {"autoscale_acts": True}, "autoscale acts on the pool"),
]


def broken(table):
    return pytest.mark.parametrize(
        ("change", "words"), [case[1:] for case in table], ids=[case[0] for case in table]
    )


@broken([*BREAKS, *DOORS])
@pytest.mark.parametrize("where", [0, 1])
def test_any_single_flaw_in_either_look_undoes_the_physical_proof(where, change, words):
    looks = [look(100), look(130)]
    looks[where] = msgspec.structs.replace(looks[where], **change)
    if words.endswith("not listed any more: host-2") and where == 0:
        looks = looks[::-1]
        looks = [msgspec.structs.replace(one, at_s=at) for one, at in zip(looks, (100, 130), strict=True)]
    verdict = judged(looks, policies(PHYSICAL))
    assert isinstance(verdict, NotYet)
    assert where == 0 or words in verdict.lacks
    assert verdict.because == "; ".join(verdict.lacks)


@broken(BREAKS)
def test_any_flaw_in_what_was_seen_undoes_the_settle_proof(change, words):
    verdict = judged([look(D), look(D + 30, **change)], policies(SETTLE))
    assert isinstance(verdict, NotYet)
    assert words in verdict.lacks
    assert verdict.lacks[-1] in {"0 of 2 looks without a session", "1 of 2 looks without a session"}


@broken(DOORS)
def test_open_doors_matter_to_the_physical_proof_only(change, words):
    looks = [look(D), look(D + 30, **change)]
    assert isinstance(judged(looks, policies(SETTLE)), Holds)
    assert isinstance(judged(looks, policies(PHYSICAL)), NotYet)
    early = judged([look(100, **change)], policies(SETTLE))
    assert words not in early.lacks


QUIET = [
    ("stopped, and said to be unavailable", power(PowerState.STOPPED, HostStatus.UNAVAILABLE)),
    ("deallocated, and said to be shut down", power(PowerState.DEALLOCATED)),
    ("shut down, its machine not read", power(None)),
    ("shut down, the power of its machine unknown", power(PowerState.UNKNOWN)),
    ("in need of assistance", power(None, HostStatus.NEEDS_ASSISTANCE)),
    ("with an unhealthy profile store", power(None, HostStatus.FSLOGIX_NOT_HEALTHY)),
]


@pytest.mark.parametrize("hosts", [case[1] for case in QUIET], ids=[case[0] for case in QUIET])
def test_a_host_that_is_down_or_reports_does_not_hinder(hosts):
    assert isinstance(judged([look(at, hosts=hosts) for at in (0, 30)], policies(PHYSICAL)), Holds)


def test_row_1_nothing_is_granted_before_the_last_revoke_has_settled():
    looks = [look(at, last_revoke_s=200.0) for at in range(230, 1000, 30)]
    held = [
        one.at_s
        for place, one in enumerate(looks)
        if isinstance(judged(looks[: place + 1], policies(SETTLE)), Holds)
    ]
    assert held[0] == 200 + D + 30
    assert held == [890, 920, 950, 980]


def test_row_7_a_user_who_comes_back_during_the_settle_time_starts_the_looks_again():
    looks = [look(at, live_sessions=1 if at == D + 15 else 0) for at in (D - 30, D, D + 15, D + 45)]
    assert isinstance(judged(looks, policies(SETTLE)), NotYet)
    verdict = judged([*looks, look(D + 75)], policies(SETTLE))
    assert isinstance(verdict, Holds)
    assert verdict.looks == (D + 45, D + 75)


def test_a_barred_source_that_opens_in_between_is_barred_only_from_the_next_look():
    looks = [look(0), look(30, start_on_connect=True), look(60), look(90)]
    assert isinstance(judged(looks[:3], policies(PHYSICAL)), NotYet)
    verdict = judged(looks, policies(PHYSICAL))
    assert (verdict.since_s, verdict.looks) == (60, (60, 90))


def test_an_assignment_revoked_again_moves_the_settle_point():
    looks = [look(D), look(D + 30, last_revoke_s=D + 10)]
    verdict = judged(looks, policies(SETTLE))
    assert isinstance(verdict, NotYet)
    assert verdict.latest_s == D + 10 + D + 30


GHOSTS = [
    ("nothing starts their machines", {}, True),
    ("a connecting user could start them", {"start_on_connect": True}, False),
    ("autoscale could start them", {"autoscale_acts": True}, False),
]


@pytest.mark.parametrize(
    ("changes", "holds"), [case[1:] for case in GHOSTS], ids=[case[0] for case in GHOSTS]
)
def test_ghosts_are_nobody_only_while_nothing_starts_their_machines(changes, holds):
    hosts = (host_look(1), host_look(2, status=HostStatus.SHUTDOWN, power=PowerState.DEALLOCATED))
    looks = [look(at, hosts=hosts, ghost_sessions=2, **changes) for at in (D, D + 30)]
    verdict = judged(looks, policies(SETTLE))
    assert isinstance(verdict, Holds) == holds
    if not holds:
        assert "2 ghost sessions on stopped machines that could be started" in verdict.lacks


def test_a_proof_names_its_ghosts():
    verdict = judged([look(at, ghost_sessions=1) for at in (0, 30)], policies())
    assert verdict.ghosts == 1
    assert verdict.sentence == (
        "2 source hosts drained or stopped, and nothing starts them; no session in 2 looks over 30 s;"
        " 1 ghost session left on stopped machines"
    )


def test_a_settle_proof_is_told_in_words():
    verdict = judged([look(D), look(D + 31)], policies(SETTLE))
    assert verdict.sentence == "the last removed assignment has settled; no session in 2 looks over 31 s"


@pytest.mark.parametrize("flaw", [{"live_sessions": 1}, {"start_on_connect": True}])
def test_of_two_looks_at_one_moment_the_worse_one_counts(flaw):
    good, bad = look(30), look(30, **flaw)
    for pair in ([good, bad], [bad, good]):
        assert isinstance(judged([look(0), *pair], policies(PHYSICAL)), NotYet)


def test_no_look_at_all_is_no_proof():
    verdict = judged([], policies())
    assert verdict == NotYet(because="nothing was looked at yet", lacks=(), look_again_s=0, latest_s=None)


LACKS = [
    ("one look at a barred source", FASTEST, [look(100)], ("1 of 2 looks without a session",)),
    ("a second look too early", FASTEST, [look(100), look(129.9)], ("1 of 2 looks without a session",)),
    (
        "everything at once",
        FASTEST,
        [
            look(
                100,
                hosts=OPEN,
                live_sessions=2,
                start_on_connect=True,
                autoscale_acts=True,
                gaps=("no answer",),
            )
        ],
        (
            "no answer",
            "2 sessions on the source",
            "1 host neither drained nor stopped: host-2",
            "Start VM on Connect is on",
            "autoscale acts on the pool",
            "a removed assignment may open a door for another 560 s",
            "0 of 2 looks without a session",
        ),
    ),
    (
        "the settle time",
        SETTLE,
        [look(100)],
        ("a removed assignment may open a door for another 560 s", "0 of 2 looks without a session"),
    ),
    (
        "open doors when only physical proof counts",
        PHYSICAL,
        [look(100, hosts=OPEN)],
        ("1 host neither drained nor stopped: host-2", "0 of 2 looks without a session"),
    ),
    (
        "hosts listed in part are not taken for gone",
        SETTLE,
        [look(D), look(D + 30, hosts=(), hosts_complete=False)],
        ("the list of hosts is incomplete", "0 of 2 looks without a session"),
    ),
]


@pytest.mark.parametrize(
    ("proof", "looks", "lacks"), [case[1:] for case in LACKS], ids=[case[0] for case in LACKS]
)
def test_everything_that_lacks_is_listed(proof, looks, lacks):
    assert judged(looks, policies(proof)).lacks == lacks


WAITS = [
    ("the rest of the distance", FASTEST, [look(100)], 30.01, 130.01),
    ("a little more after a look too early", FASTEST, [look(100), look(110)], 20.01, 130.01),
    ("sooner after sessions", PHYSICAL, [look(100, live_sessions=1)], 15, 145),
    ("never longer than looks lie apart", SETTLE, [look(100)], 30.01, D + 30),
    ("the rest of the settle time", SETTLE, [look(D - 10)], 10.01, D + 30.01),
    ("no bound while doors are open", PHYSICAL, [look(100, hosts=OPEN)], 15, None),
    ("the settle time bounds open doors", FASTEST, [look(100, hosts=OPEN)], 30.01, D + 30),
    ("sessions while the settle time runs", SETTLE, [look(100, live_sessions=1)], 15, D + 30),
]


@pytest.mark.parametrize(
    ("proof", "looks", "wait", "latest"), [case[1:] for case in WAITS], ids=[case[0] for case in WAITS]
)
def test_a_wait_says_when_to_look_again_and_when_it_ends(proof, looks, wait, latest):
    verdict = judged(looks, policies(proof))
    assert verdict.look_again_s == pytest.approx(wait)
    assert verdict.latest_s == (latest if latest is None else pytest.approx(latest))


def test_looks_stop_hurrying_before_azure_s_limit():
    looks = [look(15.0 * number, live_sessions=1) for number in range(HURRIED_LOOKS + 1)]
    assert judged(looks[:-1], policies(PHYSICAL)).look_again_s == 15
    assert judged(looks, policies(PHYSICAL)).look_again_s == 30


def test_more_looks_further_apart_are_wanted_where_the_plan_says_so():
    stricter = policies(zero_looks=3, zero_apart_s=60.0)
    looks = [look(at) for at in (0, 60, 119)]
    assert isinstance(judged(looks, stricter), NotYet)
    assert judged([*looks, look(120)], stricter).looks == (0, 60, 120)


def test_a_plan_that_wants_no_look_still_gets_one():
    assert isinstance(judged([look(0, live_sessions=1)], policies(zero_looks=0)), NotYet)
    assert judged([look(0)], policies(zero_looks=0)).looks == (0,)


flawed = st.fixed_dictionaries(
    {},
    optional={
        "live_sessions": st.integers(0, 1),
        "ghost_sessions": st.integers(0, 1),
        "start_on_connect": st.booleans(),
        "autoscale_acts": st.booleans(),
        "last_revoke_s": st.sampled_from([None, 0.0, 20.0, 60.0]),
        "sessions_complete": st.booleans(),
        "hosts_complete": st.booleans(),
        "gaps": st.sampled_from([(), ("no answer",)]),
        "hosts": st.sampled_from(
            [look(0).hosts, OPEN, (host_look(1),), power(PowerState.RUNNING), power(PowerState.DEALLOCATED)]
        ),
    },
)
good: st.SearchStrategy[Any] = st.just({})
histories = st.lists(st.tuples(st.integers(1, 50), good | good | flawed), min_size=1, max_size=9).map(
    lambda steps: [
        look(float(sum(step[0] for step in steps[: place + 1])), **steps[place][1])
        for place in range(len(steps))
    ]
)
rules = st.builds(
    Policies,
    barrier=st.sampled_from(BarrierProof),
    propagation_s=st.sampled_from([40.0, 100.0]),
    zero_looks=st.integers(2, 3),
    zero_apart_s=st.sampled_from([10.0, 30.0]),
)


def unbroken(looks, fine):
    """Length of the tail that is fine, and in which no host of one look is missing from the next."""
    length = 0
    for place in range(len(looks) - 1, -1, -1):
        here = {one.host for one in looks[place].hosts}
        next_hosts = {one.host for one in looks[place + 1].hosts} if length else here
        if not fine(looks[place]) or here - next_hosts:
            break
        length += 1
    return looks[len(looks) - length :]


def whole(one):
    heard = all(
        host.power in {PowerState.STOPPED, PowerState.DEALLOCATED} or host.status is HostStatus.AVAILABLE
        for host in one.hosts
    )
    return heard and one.hosts_complete and one.sessions_complete and not one.gaps


def s4(looks, rule):
    """Safety S4 by the letter: the proofs that hold, by trying every choice of looks."""
    wakes = {one.at_s: one.start_on_connect or one.autoscale_acts for one in looks}
    zeros = unbroken(
        looks,
        lambda one: whole(one) and not one.live_sessions and not (one.ghost_sessions and wakes[one.at_s]),
    )
    barred = unbroken(
        looks,
        lambda one: (
            whole(one)
            and not wakes[one.at_s]
            and all(host.drained or host.power is PowerState.DEALLOCATED for host in one.hosts)
        ),
    )
    revokes = [one.last_revoke_s for one in looks if one.last_revoke_s is not None]
    points = {SETTLE: max(revokes, default=looks[0].at_s) + rule.propagation_s}
    if barred:
        points[PHYSICAL] = barred[0].at_s
    return {
        proof
        for proof, point in points.items()
        if rule.barrier in {proof, FASTEST}
        and longest([one.at_s for one in zeros if one.at_s >= point], rule)
    }


def longest(times, rule):
    best = [0] * len(times)
    for place, at in enumerate(times):
        best[place] = 1 + max(
            (best[i] for i in range(place) if at - times[i] >= rule.zero_apart_s), default=0
        )
    return max(best, default=0) >= rule.zero_looks


@given(histories, rules)
def test_the_barrier_holds_exactly_when_the_rule_does(looks, rule):
    verdict = judged(looks, rule)
    proofs = s4(looks, rule)
    assert isinstance(verdict, Holds) == bool(proofs)
    if isinstance(verdict, Holds):
        assert verdict.proof in proofs
        assert min(verdict.looks) >= verdict.since_s
        assert len(verdict.looks) == rule.zero_looks


@given(histories, rules, st.randoms(use_true_random=False))
def test_the_order_in_which_looks_and_hosts_come_never_matters(looks, rule, chance):
    turned = [msgspec.structs.replace(one, hosts=one.hosts[::-1]) for one in looks]
    shuffled = judged(chance.sample(turned, len(turned)), rule)
    straight = judged(looks, rule)
    assert type(shuffled) is type(straight)
    assert judged(chance.sample(looks, len(looks)), rule) == straight


FLAWS = [(case[1], SETTLE) for case in BREAKS[:-1]] + [(case[1], PHYSICAL) for case in (*BREAKS[:-1], *DOORS)]


@given(
    st.sampled_from(FLAWS),
    st.lists(st.integers(30, 300), min_size=2, max_size=4),
    st.integers(0, 4),
)
def test_one_flaw_in_any_look_of_a_proof_undoes_it(flaw, gaps, place):
    change, proof = flaw
    looks = [look(D + sum(gaps[:count])) for count in range(len(gaps) + 1)]
    rule = policies(proof, zero_looks=len(looks))
    assert isinstance(judged(looks, rule), Holds)
    place %= len(looks)
    looks[place] = msgspec.structs.replace(looks[place], **change)
    assert isinstance(judged(looks, rule), NotYet)


@given(histories, rules)
def test_following_the_advice_with_clear_looks_ends_by_the_promised_time(looks, rule):
    verdict = judged(looks, rule)
    assume(isinstance(verdict, NotYet) and verdict.latest_s is not None)
    latest, last = verdict.latest_s, looks[-1]
    everyone = tuple(
        {host.host: host_look(int(host.host[-1])) for one in looks for host in one.hosts}.values()
    )
    while isinstance(verdict, NotYet):
        assert verdict.look_again_s > 0
        at_s = looks[-1].at_s + verdict.look_again_s
        looks = [*looks, look(at_s, hosts=everyone, last_revoke_s=last.last_revoke_s)]
        verdict = judged(looks, rule)
        assert at_s <= latest + rule.zero_apart_s * 2 + 1
    assert verdict.looks[-1] <= latest + rule.zero_apart_s + 1


@given(histories, rules)
def test_a_stricter_rule_never_holds_where_a_milder_one_does_not(looks, rule):
    stricter = msgspec.structs.replace(
        rule, propagation_s=rule.propagation_s + 30, zero_apart_s=rule.zero_apart_s + 5
    )
    if isinstance(judged(looks, stricter), Holds):
        assert isinstance(judged(looks, rule), Holds)

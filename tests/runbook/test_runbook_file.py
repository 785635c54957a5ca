"""Runbook files: steps against the catalogue, the graph, and the promise of the barrier."""

import pytest

from avd_failover.domain.estate import PoolKind
from avd_failover.domain.graph import IfUnreachable, OnFailure
from avd_failover.domain.plan import End, Mode
from avd_failover.operations.registry import CATALOGUE as REAL
from avd_failover.runbook.runbook_file import load_runbook
from avd_failover.runbook.runbook_models import MOST_STEPS
from tests.runbook.builders import CATALOGUE, ROOT, runbook_faults, written

HEAD = "runbook: test\npool: pooled\nsteps:\n"
SAFE = """\
  - {id: look, uses: checks.readiness}
  - {id: drain, uses: hosts.drain, side: source, needs: [look]}
  - {id: revoke, uses: assignments.revoke, side: source, needs: [drain]}
  - {id: wall, uses: barrier, needs: [revoke]}
  - {id: grant, uses: assignments.grant, side: target, needs: [wall]}
"""


def loaded(folder, steps: str):
    return load_runbook(written(folder, HEAD + steps), CATALOGUE).graph


def faults(folder, steps: str) -> list[str]:
    """Faults as ``line path: ...``; line 1 is the first line of the steps."""
    return [
        f"{fault.line - 3} " + str(fault).split(" ", 1)[1] for fault in runbook_faults(folder, HEAD + steps)
    ]


def changed(old: str, new: str) -> str:
    assert old in SAFE
    return SAFE.replace(old, new, 1)


def test_the_shipped_runbook_fits_the_operations_there_are():
    graph = load_runbook(ROOT / "runbooks" / "pooled-failover.yaml", REAL).graph
    assert graph.runbook == "pooled-failover"
    assert graph.pool is PoolKind.POOLED
    assert [step.id for step in graph.steps] == [
        *("readiness", "raise-target-floor", "start-target-hosts", "target-seats", "tell-users"),
        *("suspend-source-autoscale", "forbid-start-on-connect", "drain-source", "revoke-source"),
        *("logoff-source", "barrier", "seats-again", "grant-target", "closing-reconcile"),
    ]


def test_the_shipped_runbook_warms_the_target_before_it_cuts_the_source():
    graph = load_runbook(ROOT / "runbooks" / "pooled-failover.yaml", REAL).graph
    ranks = {step.id: rank for rank, steps in enumerate(graph.levels()) for step in steps}
    source = [step.id for step in graph.steps if step.side is End.SOURCE]
    assert all(ranks["target-seats"] < ranks[step] for step in source)
    assert graph.step("tell-users").modes == (Mode.PLANNED,)


def test_in_the_shipped_runbook_a_dark_source_becomes_debt_but_never_its_access_nor_a_dark_target():
    graph = load_runbook(ROOT / "runbooks" / "pooled-failover.yaml", REAL).graph
    for step in graph.steps:
        owed = step.side is End.SOURCE and step.id not in {"tell-users", "revoke-source"}
        assert (step.if_unreachable is IfUnreachable.DEBT) == owed, step.id


def test_a_step_says_all_that_it_may(tmp_path):
    graph = loaded(
        tmp_path,
        """\
  - {id: look, uses: checks.readiness}
  - id: drain
    uses: hosts.drain
    side: source
    needs: [look]
    with: {wave: 5, share: 12.5, pause: 1m30s, note: 'NO', force: true}
    proof_within: 5m
    on_failure: stop
    if_unreachable: debt
    modes: [unplanned]
    summary: Drain.
""",
    )
    step = graph.step("drain")
    assert step.settings == {"wave": 5, "share": 12.5, "pause": 90.0, "note": "NO", "force": True}
    assert (step.side, step.needs, step.proof_within_s) == (End.SOURCE, ("look",), 300.0)
    assert (step.on_failure, step.if_unreachable) == (OnFailure.STOP, IfUnreachable.DEBT)
    assert (step.modes, step.summary) == ((Mode.UNPLANNED,), "Drain.")


def test_what_a_step_leaves_out_is_careful(tmp_path):
    step = loaded(tmp_path, "  - {id: look, uses: checks.readiness}\n").step("look")
    assert (step.proof_within_s, step.on_failure, step.if_unreachable) == (
        900.0,
        OnFailure.HOLD,
        IfUnreachable.HOLD,
    )
    assert step.modes == (Mode.PLANNED, Mode.UNPLANNED)


STEP_FAULTS = [
    (
        "hosts.drain",
        "hosts.drian",
        (
            "2 steps[1].uses: unknown operation 'hosts.drian'; allowed: checks.readiness, hosts.drain,"
            " notify.users, assignments.revoke, assignments.grant, barrier; did you mean 'hosts.drain'?"
        ),
    ),
    (
        "needs: [look]",
        "needs: [lok]",
        "2 steps[1].needs[0]: unknown step 'lok'; allowed: look, revoke, wall, grant; did you mean 'look'?",
    ),
    ("needs: [look]", "needs: [look, look]", "2 steps[1].needs[1]: 'look' stands here twice"),
    (
        "needs: [look]",
        "neds: [look]",
        (
            "2 steps[1].neds: unknown key 'neds'; allowed: id, uses, side, way, needs, with,"
            " proof_within, on_failure, if_unreachable, modes, summary; did you mean 'needs'?"
        ),
    ),
    ("id: look", "id: drain", "2 steps[1].id: the id 'drain' is used twice; steps[0] has it already"),
    (
        "id: look",
        "id: Look me",
        "1 steps[0].id: 'Look me'; allowed: text of the form ^[a-z0-9][a-z0-9-]{0,62}$",
    ),
    (
        "hosts.drain, side: source",
        "hosts.drain",
        ("2 steps[1]: hosts.drain acts on one side, and side is missing; allowed: source or target"),
    ),
    ("barrier, needs", "barrier, side: source, needs", "4 steps[3].side: barrier takes no side; remove it"),
    (
        "hosts.drain, side: source",
        "hosts.drain, side: sauce",
        "2 steps[1].side: 'sauce'; allowed: source, target; did you mean 'source'?",
    ),
    (
        "hosts.drain, side: source",
        "notify.users, with: {title: x}, side: target",
        "2 steps[1].side: notify.users on the target; allowed: source",
    ),
    (
        "hosts.drain, side: source",
        "notify.users, side: source",
        "2 steps[1].with: notify.users requires the setting 'title'; allowed: Title.",
    ),
    (
        "hosts.drain, ",
        "hosts.drain, with: {wavy: 1}, ",
        (
            "2 steps[1].with.wavy: unknown setting 'wavy' of hosts.drain; allowed: wave, share, pause, note,"
            " force; did you mean 'wave'?"
        ),
    ),
    (
        "barrier, ",
        "barrier, with: {x: 1}, ",
        "4 steps[3].with.x: unknown setting 'x' of barrier; allowed: none, it takes no settings",
    ),
    (
        "hosts.drain, ",
        "hosts.drain, with: {wave: '5'}, ",
        "2 steps[1].with.wave: '5'; allowed: a whole number",
    ),
    (
        "hosts.drain, ",
        "hosts.drain, with: {wave: 1.5}, ",
        "2 steps[1].with.wave: 1.5 (a number); allowed: a whole number",
    ),
    (
        "hosts.drain, ",
        "hosts.drain, with: {wave: true}, ",
        "2 steps[1].with.wave: true (a flag); allowed: a whole number",
    ),
    (
        "hosts.drain, ",
        "hosts.drain, with: {share: 101}, ",
        "2 steps[1].with.share: 101 (a number); allowed: a number from 0 to 100",
    ),
    (
        "hosts.drain, ",
        "hosts.drain, with: {pause: 90}, ",
        (
            "2 steps[1].with.pause: 90 (a number); allowed: a duration such as 5m, 90s, 2h or 1h30m;"
            " durations carry a unit: 90s or 90m?"
        ),
    ),
    ("hosts.drain, ", "hosts.drain, with: {note: 1}, ", "2 steps[1].with.note: 1 (a number); allowed: text"),
    (
        "hosts.drain, ",
        "hosts.drain, with: {force: yes}, ",
        "2 steps[1].with.force: 'yes'; allowed: true or false",
    ),
    (
        "hosts.drain, ",
        "hosts.drain, proof_within: 300, ",
        (
            "2 steps[1].proof_within: 300 (a number); allowed: a duration such as 5m, 90s, 2h or 1h30m;"
            " durations carry a unit: 300s or 300m?"
        ),
    ),
    (
        "hosts.drain, ",
        "hosts.drain, if_unreachable: skip, ",
        "2 steps[1].if_unreachable: 'skip'; allowed: hold, stop, debt",
    ),
    (
        "hosts.drain, ",
        "hosts.drain, modes: [], ",
        "2 steps[1].modes: a list of 0; allowed: at least 1 entries",
    ),
    (
        "hosts.drain, ",
        "hosts.drain, modes: [planed], ",
        "2 steps[1].modes[0]: 'planed'; allowed: planned, unplanned; did you mean 'planned'?",
    ),
]


@pytest.mark.parametrize(("old", "new", "says"), STEP_FAULTS)
def test_a_wrong_step_is_told_with_its_place_and_what_was_meant(tmp_path, old, new, says):
    assert says in faults(tmp_path, changed(old, new))


def test_faults_of_many_steps_are_told_at_once(tmp_path):
    text = SAFE.replace("look,", "loook,", 1).replace("hosts.drain", "hosts.drian").replace("[wall]", "[wal]")
    assert [fault.split(":")[0] for fault in faults(tmp_path, text)] == [
        "2 steps[1].uses",
        "2 steps[1].needs[0]",
        "5 steps[4].needs[0]",
    ]


CIRCLES = [
    ("needs: [look]", "needs: [drain]", ["drain needs drain"]),
    ("needs: [look]", "needs: [revoke]", ["drain needs revoke needs drain"]),
    (
        "checks.readiness",
        "checks.readiness, needs: [grant]",
        ["look needs grant needs wall needs revoke needs drain needs look"],
    ),
]


@pytest.mark.parametrize(("old", "new", "circles"), CIRCLES)
def test_a_circle_is_named_step_by_step(tmp_path, old, new, circles):
    told = faults(tmp_path, changed(old, new))
    assert [fault.split("in a circle: ")[1] for fault in told] == [
        f"{circle}; remove one of these needs" for circle in circles
    ]


UNSAFE = [
    (
        "a grant without a barrier",
        SAFE.replace("needs: [wall]", "needs: [revoke]"),
        "5 steps[4].needs: grant grants on the target with no barrier before it in planned mode",
    ),
    (
        "a grant that needs nothing",
        SAFE.replace(", needs: [wall]", ""),
        "5 steps[4].needs: grant grants on the target with no barrier before it",
    ),
    (
        "a barrier beside the revoke",
        SAFE.replace("needs: [revoke]", "needs: [drain]"),
        "4 steps[3].needs: no barrier before grant stands behind revoke in planned mode",
    ),
    (
        "a barrier that one mode leaves out",
        SAFE.replace("uses: barrier", "uses: barrier, modes: [planned]"),
        "5 steps[4].needs: grant grants on the target with no barrier before it in unplanned mode",
    ),
    (
        "a bridge that one mode leaves out",
        SAFE.replace("needs: [wall]", "needs: [bridge]")
        + "  - {id: bridge, uses: checks.readiness, needs: [wall], modes: [unplanned]}\n",
        "5 steps[4].needs: grant grants on the target with no barrier before it in planned mode",
    ),
    (
        "a revoke that one mode leaves out",
        SAFE.replace("assignments.revoke,", "assignments.revoke, modes: [planned],"),
        "4 steps[3].needs: no barrier before grant stands behind revoke in unplanned mode",
    ),
    (
        "a second revoke behind the barrier",
        SAFE + "  - {id: late, uses: assignments.revoke, side: source, needs: [wall]}\n",
        "4 steps[3].needs: no barrier before grant stands behind late in planned mode",
    ),
    (
        "a grant back without a second barrier",
        SAFE + "  - {id: leave, uses: assignments.revoke, side: target, needs: [grant]}\n"
        "  - {id: return, uses: assignments.grant, side: source, needs: [leave]}\n",
        "7 steps[6].needs: wall before return is a barrier of the source itself",
    ),
]


@pytest.mark.parametrize(("steps", "says"), [row[1:] for row in UNSAFE], ids=[row[0] for row in UNSAFE])
def test_no_grant_passes_but_behind_a_barrier_behind_every_revoke(tmp_path, steps, says):
    assert any(fault.startswith(says) for fault in faults(tmp_path, steps))


def test_there_and_back_is_safe_with_two_barriers(tmp_path):
    graph = loaded(
        tmp_path,
        SAFE
        + "  - {id: leave, uses: assignments.revoke, side: target, needs: [grant]}\n"
        + "  - {id: wall-back, uses: barrier, way: back, needs: [leave]}\n"
        + "  - {id: return, uses: assignments.grant, side: source, needs: [wall-back]}\n",
    )
    assert len(graph.steps) == 8


DRILL = """\
  - {id: look, uses: checks.readiness}
  - {id: ensure, uses: assignments.grant, side: source, needs: [look]}
  - {id: revoke, uses: assignments.revoke, side: source, needs: [ensure]}
  - {id: wall, uses: barrier, needs: [revoke]}
  - {id: grant, uses: assignments.grant, side: target, needs: [wall]}
  - {id: leave, uses: assignments.revoke, side: source, way: back, needs: [grant]}
  - {id: wall-back, uses: barrier, way: back, needs: [leave]}
  - {id: return, uses: assignments.grant, side: target, way: back, needs: [wall-back]}
"""


def drill(*changes: tuple[str, str]) -> str:
    steps = DRILL
    for old, new in changes:
        assert old in steps, old
        steps = steps.replace(old, new, 1)
    return steps


SAFE_DRILLS = [
    ("there and back", drill()),
    (
        "without new access at the source",
        drill(
            ("  - {id: ensure, uses: assignments.grant, side: source, needs: [look]}\n", ""),
            ("[ensure]", "[look]"),
        ),
    ),
    (
        "the way back told by the ends of the way there",
        drill(
            (
                "leave, uses: assignments.revoke, side: source, way: back",
                "leave, uses: assignments.revoke, side: target",
            ),
            (
                "return, uses: assignments.grant, side: target, way: back",
                "return, uses: assignments.grant, side: source",
            ),
        ),
    ),
]


@pytest.mark.parametrize("steps", [row[1] for row in SAFE_DRILLS], ids=[row[0] for row in SAFE_DRILLS])
def test_a_drill_is_safe_with_a_barrier_on_each_way(tmp_path, steps):
    assert loaded(tmp_path, steps)


UNSAFE_DRILLS = [
    (
        "the way back has no barrier",
        drill((", needs: [wall-back]", ", needs: [leave]")),
        (
            "8 steps[7].needs: wall before return is a barrier of the source itself;"
            " a barrier empties the source of its way: the target on the way back"
        ),
    ),
    (
        "the way back has the barrier of the way there",
        drill(("barrier, way: back", "barrier")),
        "8 steps[7].needs: wall-back before return is a barrier of the source itself",
    ),
    (
        "the way there has the barrier of the way back",
        drill(("id: wall, uses: barrier", "id: wall, uses: barrier, way: back")),
        "5 steps[4].needs: wall before grant is a barrier of the target itself",
    ),
    (
        "the barrier of the way back does not wait for the revoke",
        drill(("way: back, needs: [leave]", "way: back, needs: [grant]")),
        "7 steps[6].needs: no barrier before return stands behind leave in planned mode",
    ),
    (
        "the barrier of the way there does not wait for the revoke",
        drill(("[revoke]", "[ensure]")),
        "4 steps[3].needs: no barrier before grant stands behind revoke in planned mode",
    ),
    (
        "the way back begins before testers have access there",
        drill(("way: back, needs: [grant]", "way: back, needs: [wall]")),
        "8 steps[7].needs: grant gives access on the target, and nothing takes it away before return",
    ),
    (
        "nothing takes access on the target away",
        drill(
            ("  - {id: leave, uses: assignments.revoke, side: source, way: back, needs: [grant]}\n", ""),
            ("[leave]", "[grant]"),
        ),
        "7 steps[6].needs: grant gives access on the target, and nothing takes it away before return",
    ),
    (
        "new access at the source beside the way there",
        drill(("[ensure]", "[look]")),
        "2 steps[1].needs: ensure grants on the source with no barrier before it in planned mode",
    ),
    (
        "new access at the source after the way there",
        drill(
            ("needs: [look]}\n  - {id: revoke", "needs: [grant]}\n  - {id: revoke"), ("[ensure]", "[look]")
        ),
        "2 steps[1].needs: wall before ensure is a barrier of the source itself",
    ),
    (
        "new access at the source that nobody checked",
        drill((", needs: [look]}", "}")),
        "2 steps[1].needs: ensure grants on the source with no barrier before it in planned mode",
    ),
    (
        "new access at the source that the way there does not take away",
        drill(
            ("  - {id: revoke, uses: assignments.revoke, side: source, needs: [ensure]}\n", ""),
            ("[revoke]", "[ensure]"),
        ),
        "4 steps[3].needs: ensure gives access on the source, and nothing takes it away before grant",
    ),
    (
        "new access at the target, where nobody stands",
        drill(
            (
                "id: ensure, uses: assignments.grant, side: source",
                "id: ensure, uses: assignments.grant, side: target",
            )
        ),
        "2 steps[1].needs: ensure grants on the target with no barrier before it in planned mode",
    ),
]


@pytest.mark.parametrize(
    ("steps", "says"), [row[1:] for row in UNSAFE_DRILLS], ids=[row[0] for row in UNSAFE_DRILLS]
)
def test_a_drill_is_refused_when_access_could_be_on_both_sides(tmp_path, steps, says):
    told = faults(tmp_path, steps)
    assert any(fault.startswith(says) for fault in told), told


def test_access_given_twice_at_once_is_refused_whoever_comes_first(tmp_path):
    """Where two grants may happen at the same time, no revoke can lie between them."""
    steps = "  - {id: look, uses: checks.readiness}\n" + "".join(
        f"  - {{id: leave-{way}, uses: assignments.revoke, side: source, way: {way}, needs: [look]}}\n"
        f"  - {{id: wall-{way}, uses: barrier, way: {way}, needs: [leave-{way}]}}\n"
        f"  - {{id: grant-{way}, uses: assignments.grant, side: target, way: {way}, needs: [wall-{way}]}}\n"
        for way in ("there", "back")
    )
    told = faults(tmp_path, steps)
    assert [one for one in told if "grant-back gives access on the source" in one]
    assert [one for one in told if "grant-there gives access on the target" in one]


def test_a_barrier_may_stand_several_steps_before_its_grant(tmp_path):
    steps = SAFE.replace("needs: [wall]", "needs: [seats]")
    assert loaded(tmp_path, steps + "  - {id: seats, uses: checks.readiness, needs: [wall]}\n")


def chain(length: int) -> str:
    lines = ["  - {id: s0, uses: checks.readiness}\n"]
    lines += [f"  - {{id: s{n}, uses: checks.readiness, needs: [s{n - 1}]}}\n" for n in range(1, length)]
    return "".join(lines)


def test_the_number_of_steps_is_bounded(tmp_path):
    assert len(loaded(tmp_path, chain(MOST_STEPS)).steps) == MOST_STEPS
    (fault,) = faults(tmp_path, chain(MOST_STEPS + 1))
    assert "allowed: at most 500 entries" in fault


def test_the_digest_is_of_the_meaning_and_not_of_the_layout(tmp_path):
    first = load_runbook(written(tmp_path, HEAD + SAFE, "a.yaml"), CATALOGUE).sha256
    relaid = (
        HEAD
        + "  # a comment\n"
        + SAFE.replace("id: look, uses: checks.readiness", "uses: checks.readiness, id: look")
    )
    assert load_runbook(written(tmp_path, relaid, "b.yaml"), CATALOGUE).sha256 == first
    reordered = HEAD + changed("needs: [look]", "needs: [look], proof_within: 16m")
    assert load_runbook(written(tmp_path, reordered, "c.yaml"), CATALOGUE).sha256 != first

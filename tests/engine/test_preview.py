"""The dry run: what would be sent, and that nothing is."""

from avd_failover.domain.faults import TransientError
from avd_failover.domain.graph import Step
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.engine.preview import Preview, preview
from avd_failover.engine.run import Operations
from avd_failover.engine.stop import StopSignal
from avd_failover.operations.base import AnyOperation, Blocked, Bound, Moot, Proven
from tests.engine.lamps import (
    T0,
    Fixed,
    Lamps,
    Stage,
    lamp_step,
    make_graph,
    switch_on,
)


def look(stage: Stage, operations: Operations = switch_on) -> Preview:
    async def main() -> Preview:
        return await preview(
            stage.pinned,
            cloud=stage.lamps,  # type: ignore[arg-type]
            clock=LoopClock(T0),
            operations=operations,
            stop=StopSignal(),
        )

    return run_virtually(main())


def test_a_preview_plans_every_step_in_file_order_and_sends_nothing() -> None:
    stage = Stage(make_graph(lamp_step("one", "a b"), lamp_step("two", "c", "one")))
    stage.lamps.on = {"a"}
    seen = look(stage)
    planned = [(one.step.id, [action.target for action in one.moves.actions]) for one in seen.steps]
    assert planned == [("one", ["b"]), ("two", ["c"])]
    assert [skip.target for skip in seen.steps[0].moves.skipped] == ["a"]
    assert seen.changes == 2
    assert stage.lamps.sent == []


def test_a_preview_waits_out_a_read_that_is_throttled() -> None:
    lamps = Lamps()
    lamps.read_faults.extend([TransientError("throttled", wait_s=20.0), None])
    seen = look(Stage(make_graph(lamp_step("one")), lamps))
    assert seen.changes == 1
    assert lamps.reads == 2


def test_a_preview_names_the_interlock_that_would_refuse() -> None:
    stage = Stage(make_graph(Step(id="check", uses="check")))
    assert look(stage, lambda _: Fixed(Blocked(because="no"))).blocked == Blocked(because="no")
    assert look(stage, lambda _: Fixed(Proven(because="yes"))).blocked is None


def test_a_preview_says_when_there_is_nothing_to_do() -> None:
    stage = Stage(make_graph(Step(id="check", uses="check")))
    assert look(stage, lambda _: Fixed(Moot(because="done"))).moot == Moot(because="done")


def test_a_proof_is_not_judged_before_the_changes_it_waits_for() -> None:
    graph = make_graph(lamp_step("one", "a"), Step(id="check", uses="check", needs=("one",)))
    stage = Stage(graph)

    def operations(bound: Bound) -> AnyOperation:
        return Fixed(Blocked(because="no")) if bound.step.id == "check" else switch_on(bound)

    dark = look(stage, operations)
    assert (dark.steps[1].verdict, dark.blocked) == (None, None)
    stage.lamps.on = {"a"}
    assert look(stage, operations).blocked == Blocked(because="no")

"""A run in the hands of hypothesis: killed, resumed, paused, turned back, edited behind its back.

Whatever the order, the audit finds nothing that the engine did wrong, the journal verifies, and in the end
a run that is left in peace reaches a terminal state or says why it rests.
"""

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.chain import replay
from avd_failover.journal.events import Entry
from avd_failover.journal.state import RunState
from tests.crash.cuts import KilledError
from tests.crash.scene import Scene

EDITS: tuple[dict[str, Any], ...] = (
    {"fault": "admin-edits-assignment", "principal": "GRP-OFFICE", "application_group": "desk-neu"},
    {"fault": "admin-drains", "hosts": "small-weu-0"},
    {"fault": "admin-undrains", "hosts": "small-neu-0"},
    {"fault": "admin-resizes-plan", "plan": "sp-small-weu", "minimum_hosts_pct": 50},
    {"fault": "users-connect"},
)
TROUBLES: tuple[dict[str, Any], ...] = (
    {"fault": "http-error", "status": 503, "p": 0.3, "lasts": "5m"},
    {"fault": "drop-response", "p": 0.3, "lasts": "5m"},
    {"fault": "throttle-storm", "lasts": "10m"},
    {"fault": "stale-read", "route": "assignments.list", "lasts": "15m"},
    {"fault": "late-apply", "low": "10s", "high": "5m", "times": 2},
    {"fault": "slow-propagation", "lasts": "20m"},
)
SKIPPABLE = ("tell-users", "raise-target-floor")


class RunMachine(RuleBasedStateMachine):
    """One run on the small world."""

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene("small")
        self.scene.observers.append(self._listen)
        self.pending: tuple[str, dict[str, str]] | None = None
        self.edited = False
        self.ended: RunStatus | None = None

    def _listen(self, _entry: Entry, state: RunState) -> None:
        """Somebody asks for something in the middle of the run, some entries later."""
        if self.pending is not None and state.seq > self.after:
            kind, words = self.pending
            self.pending = None
            self.scene.ask(kind, **words)

    after = 0

    def _drive(self, kill_at: int | None) -> None:
        try:
            self.ended = self.scene.drive(kill_at)
        except KilledError:
            self.ended = None
            self.scene.arrive_late()
            if self.scene.store.lines and self.scene.final():
                self.ended = self.scene.state.status

    @property
    def final(self) -> bool:
        return self.ended is not None and self.ended.final

    @precondition(lambda self: not self.final)
    @rule(steps=st.integers(1, 250))
    def run_some_steps_and_crash(self, steps: int) -> None:
        self._drive(steps)

    @precondition(lambda self: not self.final)
    @rule()
    def run_on(self) -> None:
        self._drive(None)

    @precondition(lambda self: not self.final)
    @rule(
        kind=st.sampled_from(["pause", "abort", "rollback"]),
        after=st.integers(2, 80),
    )
    def somebody_asks(self, kind: str, after: int) -> None:
        self.pending, self.after = (kind, {"reason": "drawn"}), after
        self._drive(None)

    @precondition(lambda self: not self.final)
    @rule(step=st.sampled_from([*SKIPPABLE, "barrier", "revoke-source"]))
    def somebody_skips(self, step: str) -> None:
        self.scene.ask("skip", step=step, reason="drawn")
        self._drive(None)
        if self.scene.journal is not None and step not in SKIPPABLE:
            assert self.scene.state.steps[step].status is not StepStatus.SKIPPED

    @rule(edit=st.sampled_from(EDITS))
    def an_admin_edits(self, edit: dict[str, Any]) -> None:
        self.edited = True
        self.scene.world.faults.add("tester", edit)

    @precondition(lambda self: not self.final)
    @rule(trouble=st.sampled_from(TROUBLES))
    def something_goes_wrong(self, trouble: dict[str, Any]) -> None:
        self.scene.world.faults.add("tester", trouble)

    @rule()
    def everything_heals(self) -> None:
        for fault in self.scene.world.faults.listed():
            if not fault["removed"]:
                self.scene.world.faults.remove("tester", fault["id"])

    @rule(seconds=st.integers(1, 2_400))
    def time_jumps(self, seconds: int) -> None:
        self.scene.later(seconds)

    @precondition(lambda self: not self.final)
    @rule()
    def it_goes_on_elsewhere(self) -> None:
        self.scene.move()
        self._drive(None)

    @invariant()
    def nothing_unsafe_was_done(self) -> None:
        if not self.scene.store.lines:
            return
        state = replay(self.scene.store).state
        found = self.scene.unsafe(by="engine:" if self.edited else "")
        assert found == []
        if state.status.final and not self.edited:
            assert self.scene.faults_found() == []

    def teardown(self) -> None:
        """Left in peace, the run reaches its end or says why it rests."""
        self.everything_heals()
        self.pending = None
        for _ in range(4):
            if self.final:
                break
            self.scene.later(1_200)
            self._drive(None)
        if not self.final:
            assert self.scene.state.status in {RunStatus.HELD, RunStatus.FAILED}
            assert self.scene.state.because
            assert self.edited, f"left in peace, and yet {self.scene.state.because}"


TestRunMachine = RunMachine.TestCase
TestRunMachine.settings = settings(
    max_examples=40,
    stateful_step_count=10,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)

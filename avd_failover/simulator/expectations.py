"""What a scenario expects of a run against it: written down before the run, judged on its evidence.

The words are the safety specification's, not an engine's: how a run ends and why, how long users wait, what
nobody may have touched. Judging asks the world and figures handed in, never a journal.
"""

from collections.abc import Callable, Mapping
from typing import Literal, Self

from msgspec import Struct
from pydantic import Field, model_validator

from avd_failover.runbook.durations import Duration
from avd_failover.runbook.yaml_file import FileModel
from avd_failover.simulator.placement import SideName, standing
from avd_failover.simulator.touched import touched
from avd_failover.simulator.world import World

Count = Literal[
    "revoked",
    "granted",
    "users_told",
    "sessions_ended",
    "hosts_started",
    "hosts_drained",
    "changes",
    "unknown",
]
Proof = Literal["no-violation", "journal-verifies", "rerun-sends-nothing"]

_MAIN = ("ends", "recovery_within", "access_gap_within", "count", "access_on", "untouched", "proves")
_BESIDE = {
    "because": "ends",
    "at": "ends",
    "exactly": "count",
    "at_least": "count",
    "at_most": "count",
}


class Expectation(FileModel):
    """One thing that has to be so when the run is over: one of the main keys, with what goes beside it."""

    ends: Literal["completed", "held", "refused", "failed"] | None = Field(
        default=None, description="How the run ends."
    )
    because: tuple[str, ...] = Field(
        default=(), description="Beside `ends`: words that the reason holds, in any casing."
    )
    at: str | None = Field(default=None, description="Beside `ends`: id of the step that the run ends at.")
    recovery_within: Duration | None = Field(
        default=None,
        description="Longest time from the start of the run until users have the other side; simulated time.",
    )
    access_gap_within: Duration | None = Field(
        default=None,
        description="Longest time without access, from first revoke to last grant; one still open counts"
        " up to the end of the run. Simulated time.",
    )
    count: Count | None = Field(
        default=None,
        description="A figure of the run. `changes` are all requests that changed something or may have,"
        " `unknown` those whose end nobody knows.",
    )
    exactly: int | None = Field(default=None, ge=0, description="Beside `count`: the figure.")
    at_least: int | None = Field(default=None, ge=0, description="Beside `count`: the lowest figure.")
    at_most: int | None = Field(default=None, ge=0, description="Beside `count`: the highest figure.")
    access_on: SideName | None = Field(
        default=None,
        description="Where the workload's groups stand in the end, each assignment with all its properties:"
        " all on one side, or `neither` while they are between the two.",
    )
    untouched: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="What no engine changed: names of groups (their assignments), host pools (with their"
        " hosts, sessions, machines and scaling plans), application groups (with their assignments), or"
        " `everything`.",
    )
    proves: Proof | None = Field(
        default=None,
        description="`no-violation`: the audit finds no invariant broken. `journal-verifies`: every link of"
        " the journal holds. `rerun-sends-nothing`: the same run again, right after, changes nothing.",
    )

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        given = [key for key in _MAIN if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(_MAIN)}")
        for key, main in _BESIDE.items():
            if getattr(self, key) not in {None, ()} and main != given[0]:
                raise ValueError(f"{key} goes beside {main}, not beside {given[0]}")
        if self.count is not None and self._bounds == (None, None):
            raise ValueError("give exactly, at_least or at_most beside count")
        return self

    @property
    def _bounds(self) -> tuple[int | None, int | None]:
        if self.exactly is not None:
            return self.exactly, self.exactly
        return self.at_least, self.at_most

    @property
    def sentence(self) -> str:
        """The expectation in words."""
        return _SAID[self._main](self)

    @property
    def _main(self) -> str:
        return next(key for key in _MAIN if getattr(self, key) is not None)


class Evidence(Struct, frozen=True, kw_only=True):
    """What is known of a run once it is over; durations are simulated seconds."""

    ends: str
    because: str
    at: tuple[str, ...]
    """Steps that were neither done, skipped nor owed, but held or failed."""
    recovery_s: float | None
    access_gap_s: float | None
    """None when nobody lost access."""
    counts: Mapping[Count, int]
    violations: int
    journal_fault: str
    """What is wrong with the journal; empty when it verifies."""
    rerun: str
    """What the same run did right after; empty when it sent nothing."""


class Judged(Struct, frozen=True, kw_only=True):
    """One expectation and what became of it."""

    expected: str
    met: bool
    found: str


def judge(expectation: Expectation, evidence: Evidence, world: World) -> Judged:
    """Hold one expectation against a run's evidence and the world as the run left it."""
    met, found = _JUDGED[expectation._main](expectation, evidence, world)  # noqa: SLF001 - same module
    return Judged(expected=expectation.sentence, met=met, found=found)


Verdict = tuple[bool, str]


def _ends(wanted: Expectation, evidence: Evidence, _: World) -> Verdict:
    found = evidence.ends + (f" at {', '.join(evidence.at)}" if evidence.at else "")
    lacking = [words for words in wanted.because if words.lower() not in evidence.because.lower()]
    met = evidence.ends == wanted.ends and not lacking and (wanted.at is None or wanted.at in evidence.at)
    return met, f"{found}: {evidence.because}"


def _recovery(wanted: Expectation, evidence: Evidence, _: World) -> Verdict:
    if evidence.recovery_s is None:
        return False, "not recovered"
    return evidence.recovery_s <= (wanted.recovery_within or 0.0), f"{evidence.recovery_s:.0f} s"


def _access_gap(wanted: Expectation, evidence: Evidence, _: World) -> Verdict:
    if evidence.access_gap_s is None:
        return True, "nobody lost access"
    return evidence.access_gap_s <= (wanted.access_gap_within or 0.0), f"{evidence.access_gap_s:.0f} s"


def _count(wanted: Expectation, evidence: Evidence, _: World) -> Verdict:
    low, high = wanted._bounds  # noqa: SLF001 - same module
    found = evidence.counts[wanted.count] if wanted.count else 0
    return (low is None or low <= found) and (high is None or found <= high), str(found)


def _access_on(wanted: Expectation, _: Evidence, world: World) -> Verdict:
    side, why = standing(world)
    return side == wanted.access_on, why


def _untouched(wanted: Expectation, _: Evidence, world: World) -> Verdict:
    changed = [line for name in wanted.untouched or () for line in touched(world, name)]
    return not changed, "; ".join(changed[:3]) or "nothing of it was changed"


def _proves(wanted: Expectation, evidence: Evidence, _: World) -> Verdict:
    match wanted.proves:
        case "no-violation":
            return evidence.violations == 0, f"{evidence.violations} violations"
        case "journal-verifies":
            return not evidence.journal_fault, evidence.journal_fault or "every link holds"
        case _:
            return not evidence.rerun, evidence.rerun or "nothing was sent"


_JUDGED: dict[str, Callable[[Expectation, Evidence, World], Verdict]] = {
    "ends": _ends,
    "recovery_within": _recovery,
    "access_gap_within": _access_gap,
    "count": _count,
    "access_on": _access_on,
    "untouched": _untouched,
    "proves": _proves,
}


def _ends_said(one: Expectation) -> str:
    why = f", because of {' and '.join(map(repr, one.because))}" if one.because else ""
    return f"ends {one.ends}{f' at {one.at}' if one.at else ''}{why}"


def _count_said(one: Expectation) -> str:
    low, high = one._bounds  # noqa: SLF001 - same module
    what = (one.count or "").replace("_", " ")
    if low == high:
        return f"{what}: exactly {low}"
    return f"{what}: " + " and ".join(
        f"{word} {bound}" for word, bound in (("at least", low), ("at most", high)) if bound is not None
    )


_SAID: dict[str, Callable[[Expectation], str]] = {
    "ends": _ends_said,
    "recovery_within": lambda one: f"recovery within {one.recovery_within:.0f} s",
    "access_gap_within": lambda one: f"access gap within {one.access_gap_within:.0f} s",
    "count": _count_said,
    "access_on": lambda one: f"access in the end on {one.access_on}",
    "untouched": lambda one: f"untouched: {', '.join(one.untouched or ())}",
    "proves": lambda one: f"proves {one.proves}",
}

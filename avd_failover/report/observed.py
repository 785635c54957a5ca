"""What was observed without a journal, for people and for scripts.

The fields of the JSON form are a contract with scripts: they are added to, never renamed.
"""

from collections.abc import Iterator, Sequence
from typing import TypedDict

from msgspec import Struct

from avd_failover.domain.findings import Finding
from avd_failover.domain.plan import Side
from avd_failover.engine.preview import Preview
from avd_failover.journal.events import RunPinned
from avd_failover.operations.observation import Observed, SideObserved
from avd_failover.report.lists import FindingData, findings_data
from avd_failover.report.preview import PreviewData, preview_data, preview_text
from avd_failover.report.words import marked, plain


class Choice(Struct, frozen=True, kw_only=True):
    """One way on: what a run towards a side would do now, and what to type for it."""

    towards: Side
    pinned: RunPinned
    preview: Preview
    command: str

    @property
    def blocked(self) -> str:
        """Why that way is closed; empty while it is open."""
        return self.preview.blocked.because if self.preview.blocked else ""

    @property
    def moot(self) -> str:
        """Why there is nothing to do on it; empty where there is."""
        return self.preview.moot.because if self.preview.moot else ""


class Observation(Struct, frozen=True, kw_only=True):
    """Everything that ``failover observe`` says."""

    plan: str
    simulated: str | None
    seen: Observed
    digest: str
    findings: tuple[Finding, ...]
    unfinished: str = ""
    """A run whose journal is here and explains things: it goes on, and nothing is adopted."""
    choices: tuple[Choice, ...] = ()


class PairData(TypedDict):
    """Where one pair stands, with the ids of the assignments."""

    pair: str
    where: str
    primary: list[str]
    secondary: list[str]


class ChoiceData(TypedDict):
    """One way on; ``blocked`` and ``nothing_to_do`` are null when it is open."""

    towards: str
    blocked: str | None
    nothing_to_do: str | None
    command: str | None
    preview: PreviewData


class ObservationData(TypedDict):
    """What was observed; ``digest`` names the placement."""

    plan: str
    simulated: str | None
    digest: str
    unfinished: str | None
    pairs: list[PairData]
    sides: list[dict[str, object]]
    gaps: list[str]
    findings: list[FindingData]
    ways_on: list[ChoiceData]


def observation_data(found: Observation) -> ObservationData:
    """Return the observation as data."""
    return ObservationData(
        plan=found.plan,
        simulated=found.simulated,
        digest=found.digest,
        unfinished=found.unfinished or None,
        pairs=[
            PairData(
                pair=one.pair.label,
                where=_where(one.where.value),
                primary=[held.id for held in one.source],
                secondary=[held.id for held in one.target],
            )
            for one in found.seen.placement.places
        ],
        sides=[_side_data(side) for side in found.seen.sides],
        gaps=list(found.seen.gaps),
        findings=findings_data(found.findings),
        ways_on=[_choice_data(one) for one in found.choices],
    )


def observation_text(found: Observation) -> str:
    """Return the observation in words, one line a thing."""
    return "\n".join(marked(plain(line), found.simulated) for line in _lines(found))


def previews_text(found: Observation) -> str:
    """Return what each way on would do, step by step."""
    return "\n\n".join(
        f"Towards {one.towards.value}:\n{preview_text(one.preview, one.pinned)}" for one in found.choices
    )


def _lines(found: Observation) -> Iterator[str]:
    yield f"observed {found.plan}, from the cloud alone; nothing is guessed and nothing was sent"
    for one in found.seen.placement.places:
        yield f"  {one.pair.label:<28} {_where(one.where.value)}"
    for side in found.seen.sides:
        yield f"  {side.side.value:<10} {_side_words(side)}"
    yield from _listed("could not be read", found.seen.gaps)
    yield from _listed(
        "looks half-done", [f"{one.code} {one.subject}: {one.detail}" for one in found.findings]
    )
    yield f"placement {found.digest}"
    yield from _ways(found)


def _ways(found: Observation) -> Iterator[str]:
    if found.unfinished:
        yield f"a journal explains this: failover resume {found.unfinished}"
        return
    if found.seen.placement.gaps:
        yield "no way on: while assignments cannot be read whole, nobody knows where the pairs stand"
        return
    for one in found.choices:
        if one.blocked:
            yield f"towards {one.towards.value}: closed: {one.blocked}"
        elif one.moot:
            yield f"towards {one.towards.value}: nothing to do: {one.moot}"
        else:
            yield f"towards {one.towards.value}: {one.preview.changes} changes: {one.command}"


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _side_words(side: SideObserved) -> str:
    known = {True: "on", False: "off", None: "unknown"}
    return (
        f"{_number(side.hosts)} hosts, {_number(side.available)} Available, {_number(side.drained)} drained;"
        f" {_number(side.sessions)} sessions; autoscale {side.autoscale};"
        f" Start VM on Connect {known[side.start_on_connect]}"
    )


def _number(number: int | None) -> str:
    return "?" if number is None else str(number)


def _side_data(side: SideObserved) -> dict[str, object]:
    fields = ("hosts", "available", "drained", "sessions", "start_on_connect", "autoscale")
    return {"side": side.side.value, **{name: getattr(side, name) for name in fields}}


def _where(where: str) -> str:
    """Name the ends as the plan's sides: an observation always looks from primary to secondary."""
    return where.replace("source", "primary").replace("target", "secondary")


def _choice_data(one: Choice) -> ChoiceData:
    return ChoiceData(
        towards=one.towards.value,
        blocked=one.blocked or None,
        nothing_to_do=one.moot or None,
        command=None if one.blocked or one.moot else one.command,
        preview=preview_data(one.preview, one.pinned),
    )

"""The ``capacity`` part of a plan file: its shape, its domain value, and what must hold inside it."""

from typing import Annotated

from pydantic import Field

from avd_failover.domain.fallbacks import Fallback, FallbackKind, Wave
from avd_failover.domain.plan import Capacity
from avd_failover.runbook.durations import Duration
from avd_failover.runbook.faults import Path, path_text, quoted
from avd_failover.runbook.yaml_file import FileModel, Findings

_HERE: Path = ("capacity", "fallbacks")

HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,79}$")]
"""Name of a session host, with or without its domain, or the beginning of one."""


class WaveEntry(FileModel):
    """How hosts are started when not all at once."""

    size: Annotated[int, Field(ge=1)]
    """How many hosts are started at a time."""
    every: Duration
    """How long after the beginning of a wave the next one may begin."""


class FallbackEntry(FileModel):
    """Hosts of the same pool that are started only when those before do not suffice."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    """Name of the fallback, as reports call it."""
    kind: FallbackKind
    """What they are: more hosts, hosts whose machines have a reservation, or hosts of another size."""
    because: Annotated[str, Field(min_length=1)]
    """What these hosts are and why they come here, in a sentence."""
    hosts: tuple[HostName, ...] = ()
    """Their names; either these or a prefix."""
    prefix: HostName | None = None
    """How their names begin; either this or the names."""


class CapacityEntry(FileModel):
    """What the target must offer before the source is cut."""

    seats: Annotated[int, Field(ge=1)]
    """Sessions that must fit on Available hosts."""
    minimum_hosts_pct: Annotated[int, Field(ge=1, le=100)] = 100
    """Share of hosts that the target's scaling plan is told to keep up."""
    minimum_success_pct: Annotated[int, Field(ge=0, le=100)] = 0
    """Share of the wanted hosts that must be Available besides the seats; 0 leaves it to the seats."""
    capacity_threshold_pct: Annotated[int, Field(ge=1, le=100)] | None = None
    """Used share of the seats above which the target's autoscale starts more hosts; schedules with a higher
    threshold are lowered to it."""
    wave: WaveEntry | None = None
    """How hosts are started; all at once when left out."""
    fallbacks: tuple[FallbackEntry, ...] = ()
    """Hosts that are started when those before do not suffice, in this order; each is tried once."""


def capacity_of(entry: CapacityEntry) -> Capacity:
    """Return the domain value of the part; names of hosts in lower case, as ids are."""
    wave = entry.wave
    return Capacity(
        seats=entry.seats,
        minimum_hosts_pct=entry.minimum_hosts_pct,
        minimum_success_pct=entry.minimum_success_pct,
        capacity_threshold_pct=entry.capacity_threshold_pct,
        wave=Wave(size=wave.size, every_s=wave.every) if wave else None,
        fallbacks=tuple(_fallback(one) for one in entry.fallbacks),
    )


def _fallback(entry: FallbackEntry) -> Fallback:
    return Fallback(
        name=entry.name,
        kind=entry.kind,
        because=entry.because,
        hosts=tuple(one.lower() for one in entry.hosts),
        prefix=(entry.prefix or "").lower(),
    )


def check_capacity(findings: Findings, capacity: Capacity) -> None:
    """Note what contradicts itself: a fallback of no hosts, a name used twice, a host in two sets."""
    first: dict[str, Path] = {}
    for index, one in enumerate(capacity.fallbacks):
        path: Path = (*_HERE, index)
        _one_of(findings, path, one)
        places: list[tuple[str, Path]] = [(f"the name {quoted(one.name)}", (*path, "name"))]
        places += [(f"the host {quoted(host)}", (*path, "hosts", n)) for n, host in enumerate(one.hosts)]
        for what, place in places:
            if what in first:
                findings.add(place, f"{what} is used twice; {path_text(first[what])} has it already")
            first.setdefault(what, place)
        _taken_before(findings, path, one, capacity.fallbacks[:index])


def _one_of(findings: Findings, path: Path, one: Fallback) -> None:
    if bool(one.hosts) == bool(one.prefix):
        found = "names hosts and a prefix" if one.hosts else "names no hosts"
        findings.add(path, f"fallback {quoted(one.name)} {found}", allowed="either hosts or prefix")


def _taken_before(findings: Findings, path: Path, one: Fallback, before: tuple[Fallback, ...]) -> None:
    """Note hosts that an earlier prefix takes already: the later set would never see them."""
    places: list[tuple[str, Path]] = [(host, (*path, "hosts", n)) for n, host in enumerate(one.hosts)]
    if one.prefix:
        places = [(one.prefix, (*path, "prefix"))]
    for text, place in places:
        taker = next((each.name for each in before if each.prefix and text.startswith(each.prefix)), None)
        if taker is not None:
            found = f"{quoted(text)} belongs to fallback {quoted(taker)} before it"
            findings.add(place, found, hint="put the narrower set first")

"""The shape of a plan file. What is wrong between its parts is for ``plan_file`` to find."""

from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag

from avd_failover.domain import ids
from avd_failover.domain.estate import PoolKind
from avd_failover.domain.plan import HALF_YEAR_S, BarrierProof, Policies
from avd_failover.runbook.capacity_models import CapacityEntry
from avd_failover.runbook.durations import Duration
from avd_failover.runbook.yaml_file import FileModel, refused

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Name of a plan or runbook: it becomes part of file names and command lines."""
GroupName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._()&+-]{0,119}$")]
"""ASCII, so that no two names look alike, and without commas, which separate names on the command line."""


def _guid(text: str) -> str:
    try:
        return ids.guid(text)
    except ids.MalformedIdError as error:
        raise refused("a GUID of the form 00000000-0000-0000-0000-000000000000, without braces") from error


def _region(text: str) -> str:
    if not (text.isascii() and text.isalnum() and text == text.lower()):
        folded = "".join(text.split()).lower()
        raise refused("a region's short name, such as northeurope", f"did you mean {folded}?")
    return text


Guid = Annotated[str, AfterValidator(_guid)]
Region = Annotated[str, AfterValidator(_region)]


class WorkspaceEntry(FileModel):
    """A workspace in another resource group than the rest of its side."""

    name: str
    """Name of the workspace."""
    resource_group: str
    """Resource group of the workspace."""
    subscription: Guid | None = None
    """Subscription of the workspace; that of the side when left out."""


Workspace = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[WorkspaceEntry, Tag("<mapping>")],
    Discriminator(lambda value: "<mapping>" if isinstance(value, dict | WorkspaceEntry) else "<text>"),
]


class SideEntry(FileModel):
    """One side. Names are looked up in its subscription and resource group; a full id is taken as it is."""

    region: Region
    """Short name of the Azure region, such as northeurope."""
    subscription: Guid | None = None
    """Subscription that names are looked up in."""
    resource_group: str | None = None
    """Resource group that names are looked up in."""
    host_pool: str
    """Host pool, by name or full id."""
    workspace: Workspace
    """Workspace, by name, by name and resource group, or by full id."""
    scaling_plan: str | None = None
    """Scaling plan, by name or full id."""


class SidesEntry(FileModel):
    """The two sides; in normal operation users are on the primary."""

    primary: SideEntry
    """The side that users are on in normal operation."""
    secondary: SideEntry
    """The side that stands by."""


class ApplicationGroupEntry(FileModel):
    """An application group, its twin, and who holds it."""

    primary: str
    """Application group on the primary side, by name or full id."""
    secondary: str
    """Its twin on the secondary side, by name or full id."""
    groups: Annotated[list[str], Field(min_length=1)]
    """Names from ``groups`` that hold it."""


class TestEntry(FileModel):
    """The group of testers that a drill moves."""

    group: GroupName
    """Name of the group."""
    id: Guid
    """Object id of the group."""
    every: Duration = HALF_YEAR_S
    """How often a drill is due."""


class ObjectivesEntry(FileModel):
    """What the run is measured against."""

    rto: Duration
    """Recovery time objective."""
    rpo: Duration
    """Recovery point objective."""


_DEFAULTS = Policies()


class PoliciesEntry(FileModel):
    """Numbers of the safety case; they may be raised above their defaults, not lowered."""

    barrier: BarrierProof = _DEFAULTS.barrier
    """Which evidence lets target access be granted."""
    propagation: Duration = _DEFAULTS.propagation_s
    """How long a removed assignment may still open a door."""
    zero_looks: int = _DEFAULTS.zero_looks
    """How many times in a row zero sessions must be seen."""
    zero_apart: Duration = _DEFAULTS.zero_apart_s
    """How far apart those looks are."""
    request_timeout: Duration = _DEFAULTS.request_timeout_s
    """How long one request may take."""
    in_flight: Duration = _DEFAULTS.in_flight_s
    """How long after sending a request may still take effect."""
    approvers: Annotated[int, Field(ge=1, le=2)] = _DEFAULTS.approvers
    """How many different people must declare a source fenced that does not answer."""
    hold_down: Duration = _DEFAULTS.hold_down_s
    """How long after a finished run the way back needs a person's word."""
    crash_limit: Annotated[int, Field(ge=1, le=100)] = _DEFAULTS.crash_limit
    """After how many crashes in a row at one step the run is held for a person."""
    fence: Duration = _DEFAULTS.fence_s
    """How long a source that does not answer is waited for before the run is held for a person."""


class NoticeEntry(FileModel):
    """What users are told."""

    before: Duration
    """How long before they are logged off."""
    reminders: tuple[Duration, ...] = ()
    """How long before it they are told again, such as [5m, 1m]."""
    title: Annotated[str, Field(min_length=1)]
    """Title of the message. {minutes} and {plan} stand for the minutes left and the plan's name."""
    body: Annotated[str, Field(min_length=1)]
    """Text of the message, with the same placeholders; the rest stays word for word."""


class RunbooksEntry(FileModel):
    """Runbooks of one's own for other purposes than a failover of everything."""

    failback: Name | None = None
    """Runbook that returns users to the primary side."""
    cohort: Name | None = None
    """Runbook that fails over some of the groups or application groups."""
    drill: Name | None = None
    """Runbook that moves the testers there and back."""


class ProfilesEntry(FileModel):
    """How the plan knows that profiles are whole on the side that users return to."""

    mirrored: bool = False
    """Whether a failback may rely on it without asking; otherwise a person confirms it each time."""
    because: str = ""
    """What keeps profiles the same on both sides; must be said when they are mirrored."""


class WitnessEntry(FileModel):
    """Where machines that may drive runs of this plan see each other: a container of blobs elsewhere."""

    container: str
    """Address of the container: https://ACCOUNT.blob.core.windows.net/CONTAINER."""
    region: Region
    """Short name of the region that it is in; neither side's."""


class PlanEntry(FileModel):
    """A plan: one protected workload."""

    plan: Name
    """Name of the plan."""
    summary: str = ""
    """What it protects, in a sentence."""
    pool: PoolKind
    """How the host pools hand out desktops."""
    runbook: Name
    """Runbook that fails it over."""
    runbooks: RunbooksEntry = RunbooksEntry()
    """Runbooks for other purposes, where not the ones that are shipped."""
    sides: SidesEntry
    """The two regions."""
    groups: Annotated[dict[GroupName, Guid], Field(min_length=1)]
    """User groups: name and object id."""
    application_groups: Annotated[dict[GroupName, ApplicationGroupEntry], Field(min_length=1)]
    """Every application group of the pool pair, with its twin and the groups that hold it."""
    test: TestEntry | None = None
    """Testers, and nobody of production."""
    capacity: CapacityEntry
    """What the target must offer before the source is cut."""
    objectives: ObjectivesEntry
    """What the run is measured against."""
    profiles: ProfilesEntry = ProfilesEntry()
    """How profiles come to be on both sides; asked before a failback."""
    policies: PoliciesEntry = PoliciesEntry()
    """Numbers of the safety case."""
    notice: NoticeEntry | None = None
    """What users are told in planned mode; without it they are told nothing."""
    accepted_paths: tuple[str, ...] = ()
    """Ids of role assignments outside the plan that give access and are accepted by name."""
    witness: WitnessEntry | None = None
    """Container in a third region that keeps the lease of the pool pair and copies of journals."""

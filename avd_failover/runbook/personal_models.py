"""The shape of a plan file for personal desktops; what is wrong between parts is for ``personal_file``."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from avd_failover.domain.ids import VaultId
from avd_failover.domain.personal_plan import SAFE_TO_LOSE, PersonalPlan, PointPolicy, RecoverySide
from avd_failover.domain.replication import Direction
from avd_failover.runbook.durations import Duration
from avd_failover.runbook.plan_models import (
    Guid,
    Name,
    NoticeEntry,
    ObjectivesEntry,
    PlanEntry,
    PoliciesEntry,
    Region,
    RunbooksEntry,
    WitnessEntry,
    Workspace,
)
from avd_failover.runbook.yaml_file import FileModel

_DEFAULTS = PersonalPlan(
    vault=VaultId(""), primary=RecoverySide(cache_account=""), secondary=RecoverySide(cache_account="")
)

MachinePattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\*?$")]
"""Name of a machine, or the beginning of names with an asterisk after it."""
ExtensionKind = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$")]
"""Publisher and type of an extension, with a slash between."""


class DesktopsEntry(FileModel):
    """The one host pool, which stays the same on both sides, by name or full id."""

    subscription: Guid | None = None
    """Subscription that names are looked up in."""
    resource_group: str | None = None
    """Resource group that names are looked up in."""
    host_pool: str
    """Host pool, by name or full id."""
    workspace: Workspace
    """Workspace, by name, by name and resource group, or by full id."""


class PersonalSideEntry(FileModel):
    """One region that the machines run in, and what replication needs there."""

    region: Region
    """Short name of the Azure region, such as northeurope."""
    subscription: Guid | None = None
    """Subscription that names are looked up in."""
    resource_group: str | None = None
    """Resource group that names are looked up in."""
    cache_account: str
    """Storage account that replication from this side goes through, by name or full id."""
    reservation_group: str | None = None
    """Capacity reservation group of machines that are recovered to this side, by name or full id."""


class PersonalSidesEntry(FileModel):
    """The two regions; in normal operation the machines run on the primary."""

    primary: PersonalSideEntry
    """The region that machines run in in normal operation."""
    secondary: PersonalSideEntry
    """The region that they are recovered to; the vault lies here."""


class ExtensionEntry(FileModel):
    """An extension of every desktop, for when nobody can read what was on them."""

    name: str
    """Name of the extension."""
    publisher: str
    """Publisher of the extension."""
    type: str
    """Type of the extension."""
    version: str
    """Version of its handler, as 1.0."""
    auto_upgrade_minor: bool = True
    """Whether minor versions are installed."""
    settings: dict[str, str | int | bool] = {}  # noqa: RUF012 - pydantic copies it
    """Its public settings; protected ones cannot be put from here."""


class RecoveryPlanEntry(FileModel):
    """A recovery plan of the vault, and the machines that it is to move together: these and no other."""

    name: str
    """Name of the recovery plan in the vault."""
    machines: Annotated[tuple[MachinePattern, ...], Field(min_length=1)]
    """Its machines, by name or beginnings of names with an asterisk."""


class RecoveryEntry(FileModel):
    """How Site Recovery moves the machines."""

    vault: str
    """Recovery Services vault, by name on the secondary side, or by full id."""
    point: PointPolicy = _DEFAULTS.point
    """Which recovery point a machine is brought back to."""
    minimum_success_pct: Annotated[int, Field(ge=1, le=100)] = _DEFAULTS.minimum_success_pct
    """Share of the machines that must come through before the run goes on without the others."""
    waves: tuple[Annotated[tuple[MachinePattern, ...], Field(min_length=1)], ...] = ()
    """Machines that come first, wave by wave; all others follow together."""
    plans: tuple[RecoveryPlanEntry, ...] = ()
    """Recovery plans that move machines together; machines of none are moved one by one."""
    stuck_after: Duration = _DEFAULTS.stuck_after_s
    """How long a job may run before it counts as stuck."""
    leave_out: tuple[ExtensionKind, ...] = SAFE_TO_LOSE
    """Extensions, as publisher/type, that are not put again after a failover."""
    extensions: tuple[ExtensionEntry, ...] = ()
    """Extensions to put on a machine when nobody could read what was on it."""
    images_within: Duration = _DEFAULTS.images_within_s
    """How old an earlier image of a machine's extensions may be that stands in when nobody can read them."""
    failback_direction: Direction = _DEFAULTS.failback_direction
    """What a failover back says of its direction."""


class PersonalPlanEntry(FileModel):
    """A plan for personal desktops: one host pool, two regions, one vault."""

    plan: Name
    """Name of the plan."""
    summary: str = ""
    """What it protects, in a sentence."""
    pool: Literal["personal"]
    """How the host pool hands out desktops."""
    runbook: Name
    """Runbook that fails it over."""
    runbooks: RunbooksEntry = RunbooksEntry()
    """Runbooks for other purposes, where not the ones that are shipped."""
    desktops: DesktopsEntry
    """The host pool."""
    sides: PersonalSidesEntry
    """The two regions."""
    recovery: RecoveryEntry
    """How Site Recovery moves the machines."""
    objectives: ObjectivesEntry
    """What the run is measured against."""
    policies: PoliciesEntry = PoliciesEntry()
    """Numbers of the safety case."""
    notice: NoticeEntry | None = None
    """What users are told in planned mode; without it they are told nothing."""
    witness: WitnessEntry | None = None
    """Container in a third region that keeps the lease of the pool and copies of journals."""


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of plan files, for pools of either kind."""
    kinds: TypeAdapter[PlanEntry | PersonalPlanEntry] = TypeAdapter(PlanEntry | PersonalPlanEntry)
    return kinds.json_schema()

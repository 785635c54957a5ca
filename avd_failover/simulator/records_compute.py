"""Records of Microsoft.Compute around the machines: capacity, quotas, images, commands, bulk operations."""

from dataclasses import dataclass
from typing import Literal

from avd_failover.simulator.records import Record

BulkVerb = Literal["Start", "Deallocate"]
BulkState = Literal["Scheduled", "PendingExecution", "Executing", "Succeeded", "Failed", "Cancelled"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CapacityLimit(Record):
    """How many machines of a size a region, or one zone of it, can carry. Its id names all three."""

    location: str
    size: str
    limit: int
    zone: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota(Record):
    """A limit of a subscription in a region, by Compute's name for it: ``cores``, ``standardDSv5Family``."""

    location: str
    quota: str
    limit: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SkuRestriction(Record):
    """A size that a subscription cannot use in a region, or in some of its zones."""

    location: str
    size: str
    zones: tuple[str, ...] = ()
    reason: Literal["NotAvailableForSubscription", "QuotaId"] = "NotAvailableForSubscription"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gallery(Record):
    """A compute gallery."""

    location: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GalleryImage(Record):
    """An image definition of a gallery."""

    location: str
    gallery: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Replica:
    """Copies of an image version in one region."""

    location: str
    count: int
    state: Literal["Completed", "Replicating", "Failed", "Unknown"] = "Completed"
    storage: str = "Standard_LRS"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageVersion(Record):
    """A version of an image; ``source`` is the version that it was copied from, if any."""

    location: str
    image: str
    replicas: tuple[Replica, ...]
    source: str | None = None
    published_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryValue:
    """One value in a guest's registry; ``path`` is the key, in HKLM."""

    path: str
    name: str
    kind: Literal["REG_SZ", "REG_DWORD", "REG_MULTI_SZ"]
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Guest(Record):
    """What a program inside a machine finds; its id is the machine's with ``/guest``."""

    machine: str
    registry: tuple[RegistryValue, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandRun(Record):
    """What a script in a machine did. Of a run command by action, the id is the operation's.

    ``script`` is kept by its digest only: scripts carry secrets.
    """

    machine: str
    digest: str
    exit_code: int | None = None
    output: str = ""
    error: str = ""
    start_s: float = 0.0
    end_s: float | None = None
    operation: str = ""
    asynchronous: bool = False
    timeout_s: int = 0
    location: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkOperation(Record):
    """One machine's share of a bulk request (Microsoft.ComputeSchedule); its id is a bare GUID."""

    machine: str
    verb: BulkVerb
    actor: str
    state: BulkState
    deadline_s: float
    deadline_type: Literal["InitiateAt", "CompleteBy"] = "InitiateAt"
    time_zone: str = "UTC"
    retries: int = 0
    window_min: int = 0
    attempts: int = 0
    begun_s: float = 0.0
    operation: str = ""
    error_code: str = ""
    error_details: str = ""
    completed_s: float | None = None

"""Containers of blobs: block and append blobs, ETags, and leases, as the Blob service keeps them.

Outside the history: nothing here is part of any workload. Bytes travel as text of one character a byte
(Latin-1), because requests are written down as JSON. Codes and statuses are the service's own (Blob service
REST API: Put Blob, Append Block, Lease Blob, Get Blob, List Blobs).
"""

from dataclasses import dataclass, field

from avd_failover.simulator.core import Core
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.requests import Part, RequestLog, external

APPEND, BLOCK = "AppendBlob", "BlockBlob"
BLOCKS = 50_000
"""Most blocks that an append blob takes."""


@dataclass
class StoredLease:
    """The lease of a blob; over once its time has passed, and remembered until the next one."""

    id: str
    until_s: float
    ttl_s: float
    broken: bool = False


@dataclass
class StoredBlob:
    """One blob."""

    kind: str
    content: bytes
    etag: str
    changed_s: float
    blocks: int = 0
    lease: StoredLease | None = None


@dataclass
class Container:
    """One container, in its account's region."""

    region: str
    blobs: dict[str, StoredBlob] = field(default_factory=dict)


class BlobStore(Part):
    """Every container of one world. Containers are named ``account/container``."""

    area = "blobs"

    def __init__(self, core: Core, log: RequestLog) -> None:
        super().__init__(core, log)
        self.containers: dict[str, Container] = {}
        self._written = 0

    @external
    def create_container(self, container: str, region: str) -> None:
        """Make a container. Raises 409 where it is."""
        if container in self.containers:
            raise ArmRefusal(409, "ContainerAlreadyExists", "The specified container already exists.")
        self.containers[container] = Container(region=region)

    @external
    def put(
        self, container: str, name: str, *, kind: str, text: str, if_match: str, if_none: str, lease: str
    ) -> str:
        """Write a blob whole, or begin an append blob; return its ETag."""
        blobs = self._open(container).blobs
        old = blobs.get(name)
        if old is not None:
            self._check_lease(old, lease)
            if if_none == "*":
                raise ArmRefusal(409, "BlobAlreadyExists", "The specified blob already exists.")
        if if_match and (old is None or if_match not in {"*", old.etag}):
            raise condition_not_met()
        kept = self.held(old) if old is not None else None  # one that is over is forgotten by a write
        blobs[name] = StoredBlob(
            kind=kind,
            content=text.encode("latin-1"),
            etag=self._etag(),
            changed_s=self.core.now_s,
            lease=kept,
        )
        return blobs[name].etag

    @external
    def append(
        self, container: str, name: str, *, text: str, at: int | None, if_match: str, lease: str
    ) -> int:
        """Add a block to an append blob; return where it begins."""
        blob = self.blob(container, name)
        if blob.kind != APPEND:
            raise ArmRefusal(409, "InvalidBlobType", "The blob type is invalid for this operation.")
        self._check_lease(blob, lease)
        if if_match and if_match not in {"*", blob.etag}:
            raise condition_not_met()
        if at is not None and at != len(blob.content):
            text = "The append position condition specified was not met."
            raise ArmRefusal(412, "AppendPositionConditionNotMet", text)
        if blob.blocks >= BLOCKS:
            text = "The committed block count cannot exceed the maximum limit of 50,000 blocks."
            raise ArmRefusal(409, "BlockCountExceedsLimit", text)
        begins = len(blob.content)
        self._change(blob, blob.content + text.encode("latin-1"))
        blob.blocks += 1
        return begins

    @external
    def acquire(self, container: str, name: str, lease: str, ttl_s: float) -> str:
        """Lease a blob for so many of the world's seconds; again under the same id renews."""
        blob = self.blob(container, name)
        held = self.held(blob)
        if held is not None and held.id != lease:
            raise ArmRefusal(409, "LeaseAlreadyPresent", "There is already a lease present.")
        if held is not None and held.broken:
            text = "The lease ID matched, but the lease is currently in breaking state and cannot be acquired"
            raise ArmRefusal(409, "LeaseIsBreakingAndCannotBeAcquired", text)
        blob.lease = StoredLease(id=lease, until_s=self.core.now_s + ttl_s, ttl_s=ttl_s)
        return lease

    @external
    def renew(self, container: str, name: str, lease: str) -> str:
        """Begin a lease's term anew; an expired one too, as long as nobody changed or leased the blob."""
        blob = self.blob(container, name)
        mine = self._mine(blob, lease)
        if mine.broken:
            text = "The lease ID matched, but the lease has been broken explicitly and cannot be renewed."
            raise ArmRefusal(409, "LeaseIsBrokenAndCannotBeRenewed", text)
        mine.until_s = self.core.now_s + mine.ttl_s
        return lease

    @external
    def release(self, container: str, name: str, lease: str) -> None:
        """Give a lease back."""
        blob = self.blob(container, name)
        self._mine(blob, lease)
        blob.lease = None

    @external
    def break_lease(self, container: str, name: str) -> None:
        """End a lease at once, whoever has it."""
        blob = self.blob(container, name)
        if blob.lease is None:
            text = "There is currently no lease on the blob."
            raise ArmRefusal(409, "LeaseNotPresentWithLeaseOperation", text)
        blob.lease.broken, blob.lease.until_s = True, self.core.now_s

    @external
    def overwrite(self, container: str, name: str, text: str) -> None:
        """Put other bytes in a blob's place past every condition: what a fault or a thief of rights does."""
        self._change(self.blob(container, name), text.encode("latin-1"))

    def blob(self, container: str, name: str) -> StoredBlob:
        """Return a blob; raises the service's 404, or 503 while its region is dark."""
        found = self._open(container).blobs.get(name)
        if found is None:
            raise ArmRefusal(404, "BlobNotFound", "The specified blob does not exist.")
        return found

    def listed(self, container: str, prefix: str) -> list[tuple[str, StoredBlob]]:
        """Return the blobs whose name begins so, in order of the names."""
        blobs = self._open(container).blobs
        return [(name, blobs[name]) for name in sorted(blobs) if name.startswith(prefix)]

    def held(self, blob: StoredBlob) -> StoredLease | None:
        """Return the lease that is in force at the moment."""
        lease = blob.lease
        return lease if lease is not None and not lease.broken and lease.until_s > self.core.now_s else None

    def state(self, blob: StoredBlob) -> str:
        """Return the state of a blob's lease in the service's words."""
        if blob.lease is None:
            return "available"
        if blob.lease.broken:
            return "broken"
        return "leased" if self.held(blob) is not None else "expired"

    def _open(self, container: str) -> Container:
        found = self.containers.get(container)
        if found is None:
            raise ArmRefusal(404, "ContainerNotFound", "The specified container does not exist.")
        self.core.require_up(found.region)
        return found

    def _check_lease(self, blob: StoredBlob, lease: str) -> None:
        held = self.held(blob)
        if held is not None and not lease:
            text = "There is currently a lease on the blob and no lease ID was specified in the request."
            raise ArmRefusal(412, "LeaseIdMissing", text)
        if held is None and lease:
            lost = blob.lease is not None and blob.lease.id == lease
            code = "LeaseLost" if lost else "LeaseNotPresentWithBlobOperation"
            raise ArmRefusal(412, code, "A lease ID was specified, but the lease for the blob has expired.")
        if held is not None and held.id != lease:
            text = "The lease ID specified did not match the lease ID for the blob."
            raise ArmRefusal(412, "LeaseIdMismatchWithBlobOperation", text)

    def _mine(self, blob: StoredBlob, lease: str) -> StoredLease:
        if blob.lease is None or blob.lease.id != lease:
            text = "The lease ID specified did not match the lease ID for the blob."
            raise ArmRefusal(409, "LeaseIdMismatchWithLeaseOperation", text)
        return blob.lease

    def _change(self, blob: StoredBlob, content: bytes) -> None:
        blob.content, blob.etag, blob.changed_s = content, self._etag(), self.core.now_s
        if blob.lease is not None and self.held(blob) is None:
            blob.lease = None  # an expired lease cannot be renewed once the blob has changed

    def _etag(self) -> str:
        self._written += 1
        return f'"0x8D{self._written:013X}"'


def condition_not_met() -> ArmRefusal:
    """Return the refusal of a condition on an ETag."""
    text = "The condition specified using HTTP conditional header(s) is not met."
    return ArmRefusal(412, "ConditionNotMet", text)

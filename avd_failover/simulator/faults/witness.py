"""What goes wrong with a witness: its lease is stolen, its copies of journals are other ones.

Unreachable stores, lost answers and failed conditions are faults of requests: ``drop-request``,
``drop-response`` and ``http-error`` with ``route: leases.*`` or ``blobs.*``.
"""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avd_failover.simulator.blobs import StoredBlob
from avd_failover.simulator.faults.base import Deed, called
from avd_failover.simulator.faults.names import Stage

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

THIEF = "00000000-0000-4000-8000-00000000dead"
"""Id of a lease that is nobody's."""


class BlobDeed(Deed):
    """Does something to blobs, whatever leases and conditions say."""

    blob: str = Field(default="*", description="Name of the blob; a pattern.")

    def _found(self, stage: Stage) -> Iterator[tuple[str, str, StoredBlob]]:
        for name, container in stage.world.blobs.containers.items():
            for blob in [one for one in container.blobs if fnmatchcase(one, self.blob)]:
                yield name, blob, container.blobs[blob]

    def _rewrite(self, stage: Stage, how: Callable[[bytes], bytes]) -> None:
        for container, name, blob in self._found(stage):
            if b"\n" in blob.content:
                stage.hit(self.fault, f"/{container}/{name}")
                _overwrite(stage.world, container, name, how(blob.content))


class LeaseStolen(BlobDeed):
    """Somebody breaks the lease of a blob and takes it."""

    fault: Literal["lease-stolen"] = called("lease-stolen")
    hold: float = Field(default=60.0, ge=0, description="For how many of the world's seconds it is kept.")

    def act(self, stage: Stage) -> None:
        """Break every lease that is in force, and take it."""
        blobs = stage.world.blobs
        for container, name, blob in self._found(stage):
            if blobs.held(blob) is not None:
                stage.hit(self.fault, f"/{container}/{name}")
                blobs.break_lease(container, name)
                blobs.acquire(container, name, THIEF, self.hold)


class CopyRolledBack(BlobDeed):
    """The copy of a journal is put back as it was some lines ago."""

    fault: Literal["copy-rolled-back"] = called("copy-rolled-back")
    blob: str = Field(default="journal-*", description="Name of the blob; a pattern.")
    lines: int = Field(default=1, ge=1, description="How many lines it loses.")

    def act(self, stage: Stage) -> None:
        """Cut lines off."""
        self._rewrite(stage, lambda content: b"".join(content.splitlines(keepends=True)[: -self.lines]))


class CopyForked(BlobDeed):
    """The copy of a journal goes another way: its last line is another one, as long as the one before."""

    fault: Literal["copy-forked"] = called("copy-forked")
    blob: str = Field(default="journal-*", description="Name of the blob; a pattern.")

    def act(self, stage: Stage) -> None:
        """Change the last line."""
        self._rewrite(stage, _forked)


class CopyAppended(BlobDeed):
    """Somebody else appends a line to the copy of a journal."""

    fault: Literal["copy-appended"] = called("copy-appended")
    blob: str = Field(default="journal-*", description="Name of the blob; a pattern.")

    def act(self, stage: Stage) -> None:
        """Append a line."""
        self._rewrite(stage, lambda content: content + b'{"somebody":"else"}\n')


def _forked(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join([*lines[:-1], lines[-1].translate(_OTHER_DIGITS)])


_OTHER_DIGITS = bytes.maketrans(b"0123456789", b"1234567890")


def _overwrite(world: "World", container: str, name: str, content: bytes) -> None:
    world.blobs.overwrite(container, name, content.decode("latin-1"))

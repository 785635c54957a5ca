"""A container of blobs on the direct face: the seam of ``domain.blobs`` over a world, with no wire."""

from avd_failover.domain.blobs import ALREADY_THERE, NOT_THERE, Blob, Listed
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import RefusedError
from avd_failover.simulator.blobs import APPEND, BLOCK
from avd_failover.simulator.direct_call import Line
from avd_failover.simulator.world import World


class DirectBlobs:
    """One container of a world (``domain.blobs.Blobs``), as one principal."""

    def __init__(
        self, world: World, clock: Clock, container: str, *, principal: str = "failover", seed: int = 0
    ) -> None:
        """``container`` is ``account/container``, as the world knows it."""
        self._line = Line(world, clock, actor=f"engine:{principal}", seed=seed)
        self._container = container

    async def read(self, name: str, *, offset: int = 0) -> Blob | None:
        """Return a blob from an offset on; None where no such blob is."""

        def answer(world: World) -> Blob:
            blob = world.blobs.blob(self._container, name)
            return Blob(
                content=blob.content[offset:],
                etag=blob.etag,
                size=len(blob.content),
                leased=world.blobs.held(blob) is not None,
            )

        try:
            return await self._line.ask("blobs.get", self._path(name), answer)
        except RefusedError as fault:
            if fault.code in NOT_THERE:
                return None
            raise

    async def names(self, prefix: str) -> tuple[Listed, ...]:
        """Return every blob whose name begins so."""

        def answer(world: World) -> tuple[Listed, ...]:
            found = world.blobs.listed(self._container, prefix)
            return tuple(Listed(name=name, size=len(blob.content)) for name, blob in found)

        return await self._line.ask("blobs.list", self._path(""), answer)

    async def put(self, name: str, content: bytes, *, etag: str = "", lease: str = "") -> str:
        """Write a blob whole over the ETag that is named, or only where none is."""
        text, if_none = content.decode("latin-1"), "" if etag else "*"
        return await self._line.ask(
            "blobs.create",
            self._path(name),
            lambda world: world.blobs.put(
                self._container, name, kind=BLOCK, text=text, if_match=etag, if_none=if_none, lease=lease
            ),
        )

    async def begin(self, name: str) -> None:
        """Make an empty blob that can be appended to, where none is."""
        try:
            await self._line.ask(
                "blobs.create",
                self._path(name),
                lambda world: world.blobs.put(
                    self._container, name, kind=APPEND, text="", if_match="", if_none="*", lease=""
                ),
            )
        except RefusedError as fault:
            if fault.code not in ALREADY_THERE:
                raise

    async def append(self, name: str, content: bytes, *, at: int) -> None:
        """Add to the end of a blob, which must be at that position."""
        text = content.decode("latin-1")
        await self._line.ask(
            "blobs.append",
            self._path(name),
            lambda world: world.blobs.append(self._container, name, text=text, at=at, if_match="", lease=""),
        )

    async def acquire(self, name: str, lease: str, ttl_s: int) -> None:
        """Lease a blob under an id of the caller's."""
        await self._line.ask(
            "leases.acquire",
            self._path(name),
            lambda world: world.blobs.acquire(self._container, name, lease, float(ttl_s)),
        )

    async def renew(self, name: str, lease: str) -> None:
        """Begin the lease's term anew."""
        await self._line.ask(
            "leases.renew", self._path(name), lambda world: world.blobs.renew(self._container, name, lease)
        )

    async def release(self, name: str, lease: str) -> None:
        """Give the lease back."""
        await self._line.ask(
            "leases.release",
            self._path(name),
            lambda world: world.blobs.release(self._container, name, lease),
        )

    def _path(self, name: str) -> str:
        return f"/{self._container}/{name}".rstrip("/")

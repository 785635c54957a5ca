"""A container of blobs over the official library: one call is one request, sent once.

The library's own second attempts are switched off, as for Azure Resource Manager: a condition that fails on
the second attempt because the first one took effect would look like somebody else's doing.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit

from azure.core import MatchConditions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob.aio import BlobClient, BlobLeaseClient, ContainerClient

from avd_failover.azure.endpoints import Origin, origin_of
from avd_failover.azure.faults import azure_faults, clean, fault_of_answer
from avd_failover.azure.pipeline import USER_AGENT, ClockedTransport, guard
from avd_failover.domain.blobs import ALREADY_THERE, NOT_THERE, Blob, Listed
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import RefusedError

SCOPE = "https://storage.azure.com/.default"
ANSWER_TIMEOUT_S = 10.0
"""Longest silence of a socket: a renewal that takes longer is over anyway."""


class AzureBlobs:
    """One container in Azure (``domain.blobs.Blobs``). Made by ``connect_blobs``."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container
        self._where = container.url

    async def read(self, name: str, *, offset: int = 0) -> Blob | None:
        """Return a blob from an offset on; None where no such blob is."""
        try:
            with _faults(f"{self._where}/{name}", mutating=False):
                return await self._read(name, offset)
        except RefusedError as fault:
            if fault.code in NOT_THERE:
                return None
            raise

    async def names(self, prefix: str) -> tuple[Listed, ...]:
        """Return every blob whose name begins so."""
        with _faults(self._where, mutating=False):
            found = self._container.list_blobs(name_starts_with=prefix)
            return tuple([Listed(name=one.name, size=one.size) async for one in found])

    async def put(self, name: str, content: bytes, *, etag: str = "", lease: str = "") -> str:
        """Write a blob whole over the ETag that is named, or only where none is."""
        conditions: dict[str, Any] = {"overwrite": False}
        if etag:
            conditions = {
                "overwrite": True,
                "etag": etag,
                "match_condition": MatchConditions.IfNotModified,
                "lease": lease or None,
            }
        with _faults(f"{self._where}/{name}", mutating=True):
            written = await self._blob(name).upload_blob(content, **conditions)
            return str(written["etag"])

    async def begin(self, name: str) -> None:
        """Make an empty blob that can be appended to, where none is."""
        try:
            with _faults(f"{self._where}/{name}", mutating=True):
                await self._blob(name).create_append_blob(match_condition=MatchConditions.IfMissing)
        except RefusedError as fault:
            if fault.code not in ALREADY_THERE:
                raise

    async def append(self, name: str, content: bytes, *, at: int) -> None:
        """Add to the end of a blob, which must be at that position."""
        with _faults(f"{self._where}/{name}", mutating=True):
            await self._blob(name).append_block(content, appendpos_condition=at)

    async def acquire(self, name: str, lease: str, ttl_s: int) -> None:
        """Lease a blob under an id of the caller's."""
        with _faults(f"{self._where}/{name}", mutating=True):
            await self._lease(name, lease).acquire(lease_duration=ttl_s)

    async def renew(self, name: str, lease: str) -> None:
        """Begin the lease's term anew."""
        with _faults(f"{self._where}/{name}", mutating=True):
            await self._lease(name, lease).renew()

    async def release(self, name: str, lease: str) -> None:
        """Give the lease back."""
        with _faults(f"{self._where}/{name}", mutating=True):
            await self._lease(name, lease).release()

    async def _read(self, name: str, offset: int) -> Blob:
        """Read from an offset on; past the end there is nothing, and the properties still tell the size."""
        try:
            found = await self._blob(name).download_blob(offset=offset or None)
        except HttpResponseError as error:
            if error.status_code != 416:
                raise
            found_out = await self._blob(name).get_blob_properties()
            return Blob(content=b"", etag=str(found_out.etag), size=found_out.size, leased=_leased(found_out))
        content: bytes = await found.readall()
        told = found.properties
        return Blob(content=content, etag=str(told.etag), size=offset + len(content), leased=_leased(told))

    def _blob(self, name: str) -> BlobClient:
        return self._container.get_blob_client(name)

    def _lease(self, name: str, lease: str) -> BlobLeaseClient:
        return BlobLeaseClient(self._blob(name), lease_id=lease)


@asynccontextmanager
async def connect_blobs(
    account_url: str, container: str, credential: AsyncTokenCredential, clock: Clock
) -> AsyncIterator[AzureBlobs]:
    """Connect to a container for as long as the block runs; nothing is asked for until a verb is used.

    ``account_url`` is the account's blob service; http is accepted on this machine only. The credential
    stays open.
    """
    home = origin_of(account_url)
    plain = home.scheme == "http" and home.loopback
    transport = _Guarded(clock, home, credential if plain else None)
    client = ContainerClient(
        account_url,
        container,
        credential=None if plain else credential,
        transport=transport,
        retry_total=0,
        permit_redirects=False,
        user_agent=USER_AGENT,
    )
    try:
        yield AzureBlobs(client)
    finally:
        await client.close()
        await transport.close()


class _Guarded(ClockedTransport):
    """Sends to one account and nowhere else.

    The library attaches no token over http, so for a simulated Azure on this machine it is done here.
    """

    def __init__(self, clock: Clock, home: Origin, plain: AsyncTokenCredential | None) -> None:
        super().__init__(clock, home, answer_timeout_s=ANSWER_TIMEOUT_S)
        self._home = home
        self._plain = plain

    async def send(self, request: Any, **config: Any) -> Any:  # noqa: ANN401 - two classes without a base
        """Refuse a request to anywhere else; a redirect is an answer like any other."""
        guard(request.url, self._home)
        if self._plain is not None:
            token = await self._plain.get_token(SCOPE)
            request.headers["Authorization"] = f"Bearer {token.token}"
        return await super().send(request, **config)


@contextmanager
def _faults(target: str, *, mutating: bool) -> Iterator[None]:
    """Translate the library's errors; the service names its reason in a header, which the library drops."""
    with azure_faults(target, mutating=mutating):
        try:
            yield
        except HttpResponseError as error:
            if error.response is None or not error.status_code:
                raise
            headers: Mapping[str, str] = getattr(error.response, "headers", {})
            code = str(headers.get("x-ms-error-code", "") or getattr(error, "error_code", "") or "")
            text = clean(str(error.reason or error.message or ""))
            path = urlsplit(target).path
            raise fault_of_answer(
                error.status_code, headers, code, text, target=path, mutating=mutating
            ) from error


def _leased(properties: Any) -> bool:  # noqa: ANN401 - the library's own bag of values
    return str(properties.lease.state) == "leased"

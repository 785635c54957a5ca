"""The witness of a plan: a container of blobs in a third region, which knows who drives it (S16, J7)."""

import re
from urllib.parse import urlsplit

from msgspec import Struct

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"[a-z0-9](-?[a-z0-9]){2,62}")
_SERVICE = re.compile(r"\.blob\.([a-z0-9-]+\.)+[a-z]{2,}")

WITNESS_ACTIONS = (
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
)
"""Data actions that an identity needs on the container (safety 4.2, R7). No delete, no keys."""


class Witness(Struct, frozen=True, kw_only=True):
    """Where the lease of a plan's pool pair and the copies of its journals lie, outside both sides."""

    container: str
    """``https://ACCOUNT.blob.core.windows.net/CONTAINER``."""
    region: str

    @property
    def account_url(self) -> str:
        """URL of the account's blob service."""
        return self.container.rpartition("/")[0]

    @property
    def account(self) -> str:
        """Name of the storage account."""
        return (urlsplit(self.container).hostname or "").partition(".")[0]

    @property
    def name(self) -> str:
        """Name of the container."""
        return self.container.rpartition("/")[2]


def is_container(url: str) -> bool:
    """Tell whether a text is the plain https address of a container: no port, query, key or signature."""
    parts = urlsplit(url)
    host, path = parts.netloc, parts.path.removeprefix("/")
    account, dot, rest = host.partition(".")
    plain = url == f"https://{host}/{path}" and _CONTAINER.fullmatch(path) and "--" not in path
    return bool(plain and _ACCOUNT.fullmatch(account) and _SERVICE.fullmatch(dot + rest))

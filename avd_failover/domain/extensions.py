"""Extensions of virtual machines as images: no failover takes them along (contract 126)."""

from typing import Any

import msgspec
from msgspec import Struct


class VmExtension(Struct, frozen=True, kw_only=True):
    """An extension with everything that can be read and put again; ``settings`` is canonical JSON.

    Protected settings are secrets: Azure never shows them, and they never enter here. An extension that
    needs them cannot be put again from its image alone.
    """

    name: str
    publisher: str
    type: str
    version: str
    auto_upgrade_minor: bool = False
    automatic_upgrade: bool = False
    settings: str = "{}"

    @property
    def kind(self) -> str:
        """Publisher and type in lower case: what an exclusion list names."""
        return f"{self.publisher}/{self.type}".lower()


class InstalledExtension(Struct, frozen=True, kw_only=True):
    """An extension on a machine, and how its installation ended (``Succeeded``, ``Failed``, ``Creating``)."""

    image: VmExtension
    state: str

    @property
    def ready(self) -> bool:
        """Whether it was installed to its end."""
        return self.state.lower() == "succeeded"


def canonical(settings: object) -> str:
    """Write settings so that equal ones are equal text; none at all is ``{}``."""
    return msgspec.json.encode({} if settings is None else settings, order="sorted").decode()


def settings_of(image: VmExtension) -> dict[str, Any]:
    """Read the settings of an image back."""
    return msgspec.json.decode(image.settings, type=dict[str, Any])

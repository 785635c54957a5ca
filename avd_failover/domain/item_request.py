"""What a person asked for one of the things that a step works on, such as one machine of many."""

from datetime import datetime
from typing import Literal

from msgspec import Struct


class ItemRequest(Struct, frozen=True, kw_only=True):
    """``retry`` it, ``skip`` it with a reason, or ``choose`` another value for it."""

    kind: Literal["retry", "skip", "choose"]
    item: str
    by: str
    at: datetime
    reason: str = ""
    value: str = ""
    """What was chosen; empty for the other kinds."""

"""What a check found."""

from msgspec import Struct


class Finding(Struct, frozen=True, kw_only=True):
    """Something a check found: a stable code, the thing it concerns, and what is wrong with it."""

    code: str
    subject: str
    detail: str

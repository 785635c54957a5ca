"""Output and answers as a length and a digest. What was said may hold secrets, so it is never kept."""

import hashlib


class Digested:
    """Counts and hashes bytes as they come; needs the same little room for any length."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._length = 0

    def add(self, part: bytes) -> None:
        """Take in the next bytes."""
        self._hash.update(part)
        self._length += len(part)

    @property
    def length(self) -> int:
        """Bytes so far."""
        return self._length

    def told(self, what: str) -> str:
        """Say how much it was and its SHA-256, in hex."""
        return f"{self._length} bytes of {what}, SHA-256 {self._hash.hexdigest()}"

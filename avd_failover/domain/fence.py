"""The fence: asked immediately before every request that changes something, and able to forbid it.

Whoever may no longer be the only writer of a pool pair must fall silent by itself (safety S17): nobody can
take a request back. What cannot be fenced is a process that freezes between the answer of ``check`` and the
first byte on the wire; Azure knows no token that would refuse that request.
"""

from typing import Protocol


class FencedError(Exception):
    """Nothing may be sent any more, and nothing was: not a fault of the cloud, and never worth a retry."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


class Checked(Protocol):
    """Tells whether this process may change something now."""

    def check(self) -> None:
        """Return if a request may be sent now.

        Raises:
            FencedError: It may not, and was not.
        """
        ...


class Fence(Checked, Protocol):
    """What an engine asks of its fence."""

    @property
    def quarantined(self) -> bool:
        """Whether a predecessor's requests may still take effect, so that nothing may be sent yet (S18)."""
        ...

    def waited_out(self) -> None:
        """Take note that the quarantine was waited out."""
        ...


class Unfenced:
    """The fence of a world that nobody else can reach: a rehearsal's."""

    quarantined = False

    def waited_out(self) -> None:
        """Nothing was to be waited for."""

    def check(self) -> None:
        """Let everything pass."""


UNFENCED = Unfenced()


class Gate:
    """A place for a fence on the way out of the process; shut as long as none stands in it (safety O5)."""

    def __init__(self) -> None:
        self._fence: Checked | None = None

    def guard(self, fence: Checked) -> None:
        """Let pass from now on what this fence lets pass."""
        self._fence = fence

    def check(self) -> None:
        """Return if a request that changes something may leave the process; raises FencedError otherwise."""
        if self._fence is None:
            raise FencedError("no lease is held: whoever only looks sends nothing that changes anything")
        self._fence.check()

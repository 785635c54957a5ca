"""The home of all runs on this machine: ``runs/<run>.journal`` and ``leases/``; and names for runs."""

import difflib
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from avd_failover.journal.disk import private_directory, refuse_network, refuse_shared

LATEST = "latest"
"""What people type for the newest run."""

_RUN = re.compile(r"[a-z0-9][a-z0-9-]{0,120}")
_PLAN_LETTERS = 80
"""A plan's name is cut here in a run's id: with the date behind it, it must stay a file name."""


class UnknownRunError(LookupError):
    """No run of that name; ``known`` are the newest ones, ``nearest`` those that look like it."""

    def __init__(self, wanted: str, known: Sequence[str]) -> None:
        self.wanted = wanted
        self.known = tuple(known[:5])
        self.nearest = tuple(difflib.get_close_matches(wanted, known, n=3, cutoff=0.5))
        super().__init__(_unknown(wanted, self.nearest, self.known))


class AmbiguousRunError(LookupError):
    """Several runs begin like that."""

    def __init__(self, wanted: str, candidates: Sequence[str]) -> None:
        self.wanted = wanted
        self.candidates = tuple(candidates)
        super().__init__(f"{wanted!r} is ambiguous: " + ", ".join(self.candidates))


class Home:
    """A directory of journals and leases. Private to its owner; made when the first run needs it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, environ: Mapping[str, str], platform: str = sys.platform) -> "Home":
        """Return ``$AVD_FAILOVER_HOME``, else ``avd-failover`` in the user's state directory.

        That is ``%LOCALAPPDATA%`` on Windows, elsewhere ``$XDG_STATE_HOME`` or ``~/.local/state``; a relative
        ``$XDG_STATE_HOME`` is passed over, as its specification demands.
        """
        if chosen := environ.get("AVD_FAILOVER_HOME"):
            return cls(Path(chosen).expanduser().absolute())
        if platform == "win32":
            local = environ.get("LOCALAPPDATA")
            return cls((Path(local) if local else Path.home() / "AppData" / "Local") / "avd-failover")
        state = Path(environ.get("XDG_STATE_HOME", ""))
        return cls((state if state.is_absolute() else Path.home() / ".local" / "state") / "avd-failover")

    @property
    def leases(self) -> Path:
        """Directory of ``LocalLeases``."""
        return self.path / "leases"

    def prepare(self) -> None:
        """Make what lacks, for the owner alone, and refuse a place that cannot keep journals.

        Raises:
            UnfitPlaceError: On a network, or others may write to it.
        """
        refuse_network(self.path)
        for directory in (self.path, self._runs, self.leases):
            private_directory(directory)

    def runs(self) -> tuple[str, ...]:
        """Return the ids of all runs, the one whose journal was written last first.

        Raises:
            UnfitPlaceError: Others may write to the home, so what lies there proves nothing.
        """
        if not self._runs.exists():
            return ()
        refuse_shared(self.path)
        refuse_shared(self._runs)
        found = [path for path in self._runs.glob("*.journal") if _RUN.fullmatch(path.stem)]
        return tuple(path.stem for path in sorted(found, key=_written, reverse=True))

    def path_of(self, run: str) -> Path:
        """Return where the journal of a run is, or would be.

        Raises:
            ValueError: Not a run's id, so not a name of a file either.
        """
        if not _RUN.fullmatch(run):
            raise ValueError(f"not the id of a run: {run!r}")
        return self._runs / f"{run}.journal"

    def find(self, wanted: str | None = None) -> str:
        """Return the one run that is meant: by id, by a beginning that no other has, or the latest.

        Raises:
            UnknownRunError: None is.
            AmbiguousRunError: Several may be.
        """
        known = self.runs()
        if wanted is None or wanted == LATEST:
            if not known:
                raise UnknownRunError(LATEST, known)
            return known[0]
        if wanted in known:
            return wanted
        candidates = [run for run in known if wanted and run.startswith(wanted)]
        if len(candidates) > 1:
            raise AmbiguousRunError(wanted, candidates)
        if not candidates:
            raise UnknownRunError(wanted, known)
        return candidates[0]

    @property
    def _runs(self) -> Path:
        return self.path / "runs"


def new_run_id(now: datetime, plan: str, suffix: str | None = None) -> str:
    """Return an id such as ``pooled-eu-20260302-025500-7f3a``: plan, UTC time, and four random digits."""
    name = re.sub(r"[^a-z0-9]+", "-", plan.lower()).strip("-")[:_PLAN_LETTERS] or "run"
    return f"{name}-{now.astimezone(UTC):%Y%m%d-%H%M%S}-{suffix or secrets.token_hex(2)}"


def _written(path: Path) -> tuple[int, str]:
    """When a journal was last written to, on this machine's clock; of one moment, by the date in the id.

    Not the time inside: a run against a simulated Azure lives in that world's year.
    """
    return max(_touched(path), _touched(path.with_name(path.name + "-wal"))), path.stem[-20:]


def _touched(path: Path) -> int:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return 0
    return found.st_mtime_ns if found.st_size else 0  # readers may leave an empty log behind


def _unknown(wanted: str, nearest: Sequence[str], known: Sequence[str]) -> str:
    if not known:
        return "there is no run yet"
    if nearest:
        return f"no run {wanted!r}; did you mean " + " or ".join(nearest) + "?"
    return f"no run {wanted!r}; the newest are " + ", ".join(known)

"""What a seed makes go wrong: faults of the catalogue with drawn parameters, crashes, orders of people."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Fault = dict[str, Any]
Draw = Callable[[random.Random], Fault]

HEALED_S = 900.0
"""When everything that heals has healed (GST), in seconds from the start of the world."""


class Mode(Enum):
    """What is asked of a run."""

    SAFETY = "safety"
    """Anything within the assumptions goes wrong: nothing unsafe happens."""
    LIVENESS = "liveness"
    """Everything heals at a moment: the run completes within a bound."""
    PERMANENT = "permanent"
    """Something never heals: the run rests with a reason, or did not need it."""
    ASSUMPTION = "assumption"
    """An assumption of safety 5 is broken: it is found by the run or by the audit, never silent."""


@dataclass
class Drawn:
    """Everything that one seed does to a run."""

    mode: Mode
    seed: int
    faults: list[Fault]
    kills: list[int] = field(default_factory=list)
    """Boundary at which each drive dies, in order."""
    order: tuple[str, float] | None = None
    """What a person asks for, and after how many seconds of the world."""


def _for(low: int, high: int, rng: random.Random) -> str:
    return f"{rng.randint(low, high)}s"


def _when(rng: random.Random) -> Fault:
    starts = rng.randint(0, 600)
    return {"starts": f"{starts}s", "lasts": f"{rng.randint(20, int(HEALED_S) - starts)}s"}


def _some(rng: random.Random) -> Fault:
    """Strike a few requests by chance within a window."""
    return {**_when(rng), "p": rng.choice([0.05, 0.2, 0.5]), "times": rng.randint(1, 12)}


SENT = ("assignments.create", "assignments.delete", "hosts.patch", "machines.start", "plans.patch")
ROUTES = (
    "*",
    "assignments.*",
    "hosts.*",
    "sessions.*",
    "machines.*",
    "pools.*",
    "plans.*",
    "members.*",
    *SENT,
)
LISTS = ("assignments.list", "sessions.list", "hosts.list")
POOLS = ("hp-small-neu", "hp-small-weu")
HOSTS = ("small-neu-*", "small-weu-*", "small-neu-0", "small-weu-1")


def _request(name: str, **more: Callable[[random.Random], Any]) -> Draw:
    def draw(rng: random.Random) -> Fault:
        extra = {key: value(rng) for key, value in more.items()}
        return {"fault": name, "route": rng.choice(ROUTES), **_some(rng), **extra}

    return draw


def _weather(name: str, low: tuple[int, int], high: tuple[int, int]) -> Draw:
    return lambda rng: {"fault": name, **_when(rng), "low": _for(*low, rng), "high": _for(*high, rng)}


def _deed(name: str, **more: Callable[[random.Random], Any]) -> Draw:
    def draw(rng: random.Random) -> Fault:
        return {
            "fault": name,
            "starts": _for(0, 600, rng),
            **{key: value(rng) for key, value in more.items()},
        }

    return draw


HEALING: dict[str, Draw] = {
    "drop-request": _request("drop-request"),
    "drop-response": _request("drop-response"),
    "late-apply": _request("late-apply", low=lambda r: _for(1, 60, r), high=lambda r: _for(60, 340, r)),
    "delay-request": _request("delay-request", heavy_tail=lambda r: r.random() < 0.5),
    "duplicate-request": _request("duplicate-request", gap=lambda r: _for(1, 300, r)),
    "connection-reset": _request("connection-reset"),
    "half-open": _request("half-open", hold=lambda r: _for(1, 100, r)),
    "slow-body": _request("slow-body", over=lambda r: _for(1, 30, r)),
    "truncated-json": _request("truncated-json"),
    "wrong-content-length": _request("wrong-content-length"),
    "gzip-error": _request("gzip-error"),
    "http-error": _request(
        "http-error",
        status=lambda r: r.choice([408, 429, 500, 502, 503, 504]),
        applied=lambda r: r.random() < 0.3,
        message=lambda _r: "the drawn fault",
    ),
    "throttle-storm": lambda rng: {
        "fault": "throttle-storm", "route": "*", **_when(rng), "bucket": rng.randint(2, 20),
        "refill": rng.choice([0.5, 1.0, 3.0]), "growth": rng.choice([1.0, 1.5]),
    },
    "stale-read": lambda rng: {
        "fault": "stale-read", "route": rng.choice(["assignments.list", "machines.get"]), **_when(rng),
        "low": "10s", "high": _for(60, 540, rng), "replicas": rng.randint(1, 3),
    },
    "page-skew": lambda rng: {
        "fault": "page-skew", "route": rng.choice(LISTS), **_some(rng), "how": rng.choice(["repeat", "loop"]),
    },
    "page-error": lambda rng: {"fault": "page-error", **_some(rng), "status": rng.choice([429, 500, 503])},
    "front-ends": lambda rng: {"fault": "front-ends", **_when(rng)},
    "slow-propagation": lambda rng: {
        "fault": "slow-propagation", **_when(rng), "low": "60s", "high": _for(120, 600, rng),
        "what": rng.choice(["grants", "revokes", "lists", "all"]),
    },
    "region-brownout": lambda rng: {
        "fault": "region-brownout", "region": rng.choice(["northeurope", "westeurope"]), **_when(rng),
        "fails": rng.choice(["reads", "writes", "both"]), "p": rng.choice([0.2, 0.6]),
    },
    "region-outage": lambda rng: {
        "fault": "region-outage", "region": rng.choice(["northeurope", "westeurope"]), **_when(rng),
        "plane": "control",
    },
    "directory-down": lambda rng: {"fault": "directory-down", **_when(rng)},
    "eager-users": _weather("eager-users", (1, 3), (4, 30)),
    "users-leave": _weather("users-leave", (30, 60), (61, 600)),
    "users-connect": lambda rng: {
        "fault": "users-connect",
        "on": rng.choice(["sessions.list", "assignments.delete", "sessions.log-off", "assignments.create"]),
        "nth": rng.randint(1, 4),
    },
    "log-off-slow": _weather("log-off-slow", (20, 100), (101, 900)),
    "log-off-refused": lambda rng: {
        "fault": "log-off-refused", **_some(rng), "status": rng.choice([500, 503]),
    },
    "session-id-reuse": lambda rng: {"fault": "session-id-reuse", **_when(rng)},
    "ghost-sessions": _weather("ghost-sessions", (60, 200), (201, 900)),
    "heartbeat-lag": _weather("heartbeat-lag", (30, 100), (101, 600)),
    "profile-flush-backlog": _weather("profile-flush-backlog", (10, 60), (61, 300)),
    "host-status": _deed("host-status", hosts=lambda r: r.choice(HOSTS), lasts=lambda r: _for(30, 200, r)),
    "autoscale-logs-off": _deed("autoscale-logs-off", pool=lambda r: r.choice(POOLS)),
}  # fmt: skip
"""Faults that end by themselves, by name."""

LASTING: dict[str, Draw] = {
    "http-error": lambda rng: {
        "fault": "http-error", "route": rng.choice(ROUTES[1:]), "starts": _for(0, 500, rng),
        "status": rng.choice([400, 403, 409, 423, 500, 503]), "message": "the drawn fault",
    },
    "region-outage": lambda rng: {
        "fault": "region-outage", "region": rng.choice(["northeurope", "westeurope"]),
        "starts": _for(0, 500, rng), "plane": "control",
    },
    "allocation-failed": lambda rng: {"fault": "allocation-failed", "succeed": rng.randint(0, 1)},
    "sku-not-available": lambda _rng: {"fault": "sku-not-available"},
    "quota-exceeded": lambda _rng: {"fault": "quota-exceeded"},
    "operation-endless": lambda _rng: {"fault": "operation-endless"},
    "resource-lock": lambda rng: {
        "fault": "resource-lock", "level": rng.choice(["CanNotDelete", "ReadOnly"]),
        "starts": _for(0, 500, rng),
    },
    "rights-removed": lambda rng: {"fault": "rights-removed", "starts": _for(0, 500, rng)},
    "group-hidden": lambda rng: {
        "fault": "group-hidden", "group": rng.choice(["GRP-OFFICE", "GRP-LEDGER"]),
        "starts": _for(0, 500, rng),
    },
    "group-rule-pending": lambda rng: {
        "fault": "group-rule-pending", "group": rng.choice(["GRP-OFFICE", "GRP-LEDGER"]),
        "starts": _for(0, 500, rng),
    },
    "host-token-expired": lambda _rng: {"fault": "host-token-expired"},
    "directory-down": lambda rng: {"fault": "directory-down", "starts": _for(0, 300, rng)},
    "host-vanishes": _deed("host-vanishes", hosts=lambda r: r.choice(HOSTS)),
}  # fmt: skip
"""Faults that never heal."""

BREAKING: dict[str, Draw] = {
    "slow-propagation": lambda rng: {
        "fault": "slow-propagation", "low": "15m", "high": _for(1_000, 4_000, rng), "what": "revokes",
    },
    "late-apply": lambda rng: {
        "fault": "late-apply", "route": rng.choice(SENT[:3]), "nth": rng.randint(1, 4), "low": "400s",
        "high": _for(400, 3_000, rng),
    },
    "admin-grants": _deed(
        "admin-grants", principal=lambda r: r.choice(["GRP-OFFICE", "GRP-LEDGER", "GRP-TEST"]),
        application_group=lambda r: r.choice(["desk-neu", "ledger-neu", "desk-weu", "ledger-weu"]),
    ),
    "admin-revokes": _deed(
        "admin-revokes", principal=lambda r: r.choice(["GRP-OFFICE", "GRP-LEDGER"]),
        application_group=lambda r: r.choice(["desk-neu", "ledger-neu", "desk-weu", "ledger-weu"]),
    ),
    "admin-edits-assignment": _deed(
        "admin-edits-assignment", principal=lambda r: r.choice(["GRP-OFFICE", "GRP-LEDGER"]),
        application_group=lambda r: r.choice(["desk-neu", "ledger-neu"]),
    ),
    "policy-regrants": lambda _rng: {"fault": "policy-regrants"},
    "admin-undrains": _deed("admin-undrains", hosts=lambda r: r.choice(HOSTS)),
    "admin-allows-start-on-connect": _deed("admin-allows-start-on-connect", pool=lambda r: r.choice(POOLS)),
    "group-member-removed": _deed(
        "group-member-removed", group=lambda _r: "GRP-OFFICE", member=lambda _r: "GRP-LEDGER"
    ),
    "page-skew": lambda rng: {
        "fault": "page-skew", "route": rng.choice(LISTS[1:]), **_some(rng), "how": "omit",
    },
}  # fmt: skip
"""What breaks an assumption: Azure beyond its documented bounds, and people who change what it relies on."""


def draw(seed: int, mode: Mode) -> Drawn:
    """Draw everything that a seed does in a mode; equal seeds, equal draws."""
    rng = random.Random(f"{mode.value}:{seed}")
    healing = [HEALING[name](rng) for name in rng.sample(sorted(HEALING), rng.randint(1, 5))]
    kills = [rng.randint(1, 700) for _ in range(rng.choice([0, 0, 1, 1, 2]))]
    match mode:
        case Mode.SAFETY:
            orders: list[tuple[str, float] | None] = [None, None, ("pause", 0.0), ("rollback", 0.0)]
            order = rng.choice(orders)
            moment = rng.uniform(0, 700)
            asked = None if order is None else (order[0], moment)
            return Drawn(mode, seed, healing, kills, asked)
        case Mode.LIVENESS:
            return Drawn(mode, seed, healing, kills)
        case Mode.PERMANENT:
            name = rng.choice(sorted(LASTING))
            return Drawn(mode, seed, [LASTING[name](rng), *healing[:1]], kills[:1])
    names = rng.sample(sorted(BREAKING), rng.randint(1, 2))
    return Drawn(mode, seed, [*(BREAKING[name](rng) for name in names), *healing[:2]], kills[:1])

"""Every set of rules that is checked, as data: what holds, what breaks and after how many moves.

``breaks`` is complete: what it does not name, cannot happen in that setting. ``states`` are counted over the
whole model, also beyond a violation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.model.pair import LEFT, Late, PairRules
from tests.model.pair import LOST as PAIR_LOST
from tests.model.protocol import (
    DUAL_ACCESS,
    DUAL_SESSION,
    LOST,
    MISPLACED,
    SESSION_AND_ACCESS,
    TWICE,
)
from tests.model.state import PARTS, Proof, Quarantine, Rules, Setting

OVERLAP = (0b01, 0b11)
"""Two users: one in the first group only, one in both."""

PLAIN = Setting(groups=2, users=OVERLAP, crashes=1, reversals=1)
FAULTY = Setting(groups=2, users=OVERLAP, crashes=1, reversals=1, faults=1)
LANDING = Setting(groups=2, users=OVERLAP, crashes=1, reversals=1, landing=True)
DOORS = Setting(groups=2, users=(0b11,), crashes=1, reversals=1, doors=True)

EXTENDED = Setting(groups=3, users=(0b011, 0b110), crashes=1, reversals=1, landing=True)
"""Three groups in a chain of overlaps."""

LARGE = Setting(groups=3, users=(0b001, 0b011, 0b110), crashes=3, reversals=1, faults=1, landing=True)
"""Three groups, three users, three crashes (so four runners), one request gone wrong in any way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Rules in a setting, and what comes of them."""

    name: str
    setting: Setting
    rules: Rules
    states: int
    breaks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairVariant:
    """Rules for requests that come late, and what comes of them."""

    name: str
    rules: PairRules
    states: int
    breaks: Mapping[str, int] = field(default_factory=dict)


def without(part: str) -> tuple[str, ...]:
    """Return the parts of the physical barrier but one."""
    return tuple(one for one in PARTS if one != part)


PHYSICAL = Rules(proof=Proof.PHYSICAL)
NO_WAIT = Quarantine.NEVER

RIGHT = (
    Variant(name="the protocol", setting=PLAIN, rules=Rules(), states=2303),
    Variant(name="a request lost, late or doubled", setting=FAULTY, rules=Rules(), states=9455),
    Variant(
        name="resumed in the same direction only, without quarantine",
        setting=FAULTY,
        rules=Rules(latched=True),
        states=10100,
    ),
    Variant(name="two looks", setting=LANDING, rules=Rules(looks=2), states=5376),
    Variant(name="physical barrier", setting=DOORS, rules=PHYSICAL, states=6972),
    Variant(name="three groups", setting=EXTENDED, rules=Rules(looks=2), states=36798),
)

WRONG = (
    Variant(
        name="pipelined",
        setting=PLAIN,
        rules=Rules(together=False),
        states=1522,
        breaks={DUAL_ACCESS: 7, SESSION_AND_ACCESS: 8, DUAL_SESSION: 9},
    ),
    Variant(
        name="no settle wait",
        setting=PLAIN,
        rules=Rules(proof=Proof.NOTHING),
        states=17344,
        breaks={DUAL_ACCESS: 7, SESSION_AND_ACCESS: 8, DUAL_SESSION: 9},
    ),
    Variant(
        name="zero before the settle wait",
        setting=PLAIN,
        rules=Rules(zero_after_point=False),
        states=4908,
        breaks={SESSION_AND_ACCESS: 11, DUAL_SESSION: 12},
    ),
    Variant(
        name="no quarantine",
        setting=PLAIN,
        rules=Rules(quarantine=NO_WAIT),
        states=6470,
        breaks={LOST: 5, DUAL_ACCESS: 18, TWICE: 18, SESSION_AND_ACCESS: 19, DUAL_SESSION: 20},
    ),
    Variant(
        name="quarantine only before the end",
        setting=PLAIN,
        rules=Rules(quarantine=Quarantine.BEFORE_ENDING),
        states=6410,
        breaks={DUAL_ACCESS: 18, TWICE: 18, SESSION_AND_ACCESS: 19, DUAL_SESSION: 20},
    ),
    Variant(
        name="quarantine only before the first grant",
        setting=PLAIN,
        rules=Rules(quarantine=Quarantine.BEFORE_GRANTING),
        states=4456,
        breaks={DUAL_ACCESS: 18, TWICE: 18, SESSION_AND_ACCESS: 19, DUAL_SESSION: 20},
    ),
    Variant(
        name="the same behind closed doors",
        setting=DOORS,
        rules=Rules(proof=Proof.PHYSICAL, quarantine=Quarantine.BEFORE_GRANTING),
        states=13130,
        breaks={TWICE: 21},
    ),
    Variant(
        name="no closing reconcile",
        setting=FAULTY,
        rules=Rules(closing=False, latched=True),
        states=29579,
        breaks={
            DUAL_ACCESS: 24,
            TWICE: 24,
            SESSION_AND_ACCESS: 25,
            DUAL_SESSION: 26,
            MISPLACED: 28,
            LOST: 28,
        },
    ),
    Variant(
        name="one look",
        setting=LANDING,
        rules=Rules(looks=1),
        states=19242,
        breaks={SESSION_AND_ACCESS: 12, DUAL_SESSION: 14},
    ),
    Variant(
        name="hosts not drained",
        setting=DOORS,
        rules=Rules(proof=Proof.PHYSICAL, parts=without("drain")),
        states=5772,
        breaks={DUAL_ACCESS: 9, SESSION_AND_ACCESS: 10, DUAL_SESSION: 11},
    ),
    Variant(
        name="Start VM on Connect left on",
        setting=DOORS,
        rules=Rules(proof=Proof.PHYSICAL, parts=without("forbid")),
        states=12884,
        breaks={DUAL_ACCESS: 9, SESSION_AND_ACCESS: 10, DUAL_SESSION: 11},
    ),
    Variant(
        name="autoscale left on",
        setting=DOORS,
        rules=Rules(proof=Proof.PHYSICAL, parts=without("suspend")),
        states=13096,
        breaks={DUAL_ACCESS: 10, SESSION_AND_ACCESS: 11, DUAL_SESSION: 12},
    ),
    Variant(
        name="doors of the way back open too early",
        setting=DOORS,
        rules=Rules(proof=Proof.PHYSICAL, early_doors=True),
        states=8960,
        breaks={DUAL_ACCESS: 12, SESSION_AND_ACCESS: 13, DUAL_SESSION: 14},
    ),
    Variant(
        name="images not durable",
        setting=PLAIN,
        rules=Rules(images_durable=False),
        states=2847,
        breaks={LOST: 3},
    ),
    Variant(
        name="a runner that was taken over sends on",
        setting=PLAIN,
        rules=Rules(fenced=False),
        states=21063,
        breaks={LOST: 3, DUAL_ACCESS: 18, TWICE: 18, SESSION_AND_ACCESS: 19, DUAL_SESSION: 20, MISPLACED: 21},
    ),
)

FULL = Variant(
    name="three groups, three crashes, one fault", setting=LARGE, rules=Rules(looks=2), states=1277712
)
"""The one that takes long: ``python -m tests.model``."""

LATE_AT = {PAIR_LOST: 5, LEFT: 10}

PAIRS = (
    PairVariant(
        name="late, names reused",
        rules=PairRules(fresh_names=False, quarantine=False),
        states=30,
        breaks=LATE_AT,
    ),
    PairVariant(
        name="late, fresh names",
        rules=PairRules(fresh_names=True, quarantine=False),
        states=31,
        breaks=LATE_AT,
    ),
    PairVariant(
        name="late, names reused, quarantine", rules=PairRules(fresh_names=False, quarantine=True), states=20
    ),
    PairVariant(
        name="late, fresh names, quarantine", rules=PairRules(fresh_names=True, quarantine=True), states=21
    ),
    PairVariant(
        name="copies only, names reused",
        rules=PairRules(fresh_names=False, quarantine=False, late=Late.COPIES, copies=True),
        states=142,
        breaks={PAIR_LOST: 8, LEFT: 14},
    ),
    PairVariant(
        name="copies only, fresh names",
        rules=PairRules(fresh_names=True, quarantine=False, late=Late.COPIES, copies=True),
        states=119,
        breaks={LEFT: 14},
    ),
    PairVariant(
        name="copies, names reused, quarantine",
        rules=PairRules(fresh_names=False, quarantine=True, copies=True),
        states=43,
    ),
)

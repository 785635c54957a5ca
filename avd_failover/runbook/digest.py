"""The hash that pins a plan or runbook: over its meaning, so that layout and key order do not matter."""

import hashlib

import msgspec

from avd_failover.domain.graph import StepGraph
from avd_failover.domain.plan import Plan


def digest_of(value: Plan | StepGraph) -> str:
    """Return the SHA-256, in hex, of the value's canonical JSON.

    Two files that mean the same have one digest; steps, groups and needs keep the order of the file.
    """
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()

"""The witness in a plan file: a container's address, in a region that is neither side's."""

from avd_failover.domain.plan import Plan, Side
from avd_failover.domain.witness import Witness, is_container
from avd_failover.runbook.faults import printable, quoted
from avd_failover.runbook.plan_models import WitnessEntry
from avd_failover.runbook.yaml_file import Findings

LONGEST_REQUEST_S = 34.0
"""A lease in a witness lasts 60 s at most: so much is left of it for a request although a renewal is late."""


def witness_of(findings: Findings, entry: WitnessEntry | None) -> Witness | None:
    """Return the witness that an entry names; what is no container's address is noted."""
    if entry is None:
        return None
    if not is_container(entry.container):
        findings.add(
            ("witness", "container"),
            quoted(printable(entry.container)),
            allowed="https://ACCOUNT.blob.core.windows.net/CONTAINER",
            hint="the plain address of a container, without key, signature or port",
        )
        return None
    return Witness(container=entry.container, region=entry.region)


def check_witness(findings: Findings, plan: Plan) -> None:
    """Note a witness that would go dark with a side, and requests that its lease is too short for."""
    if plan.witness is None:
        return
    for side in Side:
        if plan.witness.region == plan.on(side).region:
            found = f"the witness is in {plan.witness.region}, where the {side.value} side is"
            hint = "it must answer when a side does not: put it into a third region"
            findings.add(("witness", "region"), found, allowed="a region that is neither side's", hint=hint)
    if plan.policies.request_timeout_s > LONGEST_REQUEST_S:
        found = f"{plan.policies.request_timeout_s:g}s, with a witness, whose lease lasts 60s"
        allowed = f"at most {LONGEST_REQUEST_S:g}s"
        findings.add(("policies", "request_timeout"), found, allowed=allowed)

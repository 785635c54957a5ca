"""The shipped role files, and the command that makes each of them."""

from tests.e2e.processes import ROOT

DEPLOY = ROOT / "deploy"
_GROUP = "/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001/resourceGroups/rg-avd"
_PLAN = (
    *("--plan", "pooled-eu"),
    *("--machines", f"primary={_GROUP}-neu-hosts"),
    *("--machines", f"secondary={_GROUP}-weu-hosts"),
)
_DESKTOPS = "/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0011/resourceGroups/rg-avd-personal"
_PERSONAL = (
    *("--plan", "personal-eu"),
    *("--machines", f"primary={_DESKTOPS}-neu-hosts"),
    *("--machines", f"secondary={_DESKTOPS}-weu-hosts"),
)

SHIPPED: dict[str, tuple[str, ...]] = {
    "roles/pooled-eu.json": (*_PLAN, "--output", "arm"),
    "roles/pooled-eu-there-only.json": (
        *_PLAN, "--direction", "primary-to-secondary", "--no-rollback", "--output", "arm",
    ),
    "roles/pooled-eu-reads-only.json": (*_PLAN, "--reads-only", "--output", "arm"),
    "roles/pooled-eu-testers.json": (*_PLAN, "--testers", "--output", "arm"),
    "roles/personal-eu.json": (*_PERSONAL, "--output", "arm"),
    "roles/personal-eu-reads-only.json": (*_PERSONAL, "--reads-only", "--output", "arm"),
    "pooled-eu-roles.bicep": (*_PLAN, "--output", "bicep"),
}  # fmt: skip
"""File below ``deploy/`` to the arguments of ``failover permissions``."""

"""The witness in a plan file: a plain address, a third region, and requests that fit its lease."""

from pathlib import Path

import pytest

from avd_failover.domain.witness import WITNESS_ACTIONS, Witness, is_container
from avd_failover.runbook.plan_file import load_plan
from tests.runbook.builders import ROOT, plan_faults, written

URL = "https://stavdwitness.blob.core.windows.net/failover"
PLANS = ("pooled-eu", "personal-eu")


def witnessed(name: str = "pooled-eu", container: str = URL, region: str = "swedencentral") -> str:
    text = (ROOT / "plans" / f"{name}.yaml").read_text(encoding="utf-8")
    return f"{text}\nwitness:\n  container: {container}\n  region: {region}\n"


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_may_name_a_witness(tmp_path: Path, name: str) -> None:
    plan = load_plan(written(tmp_path, witnessed(name))).plan
    assert plan.witness == Witness(container=URL, region="swedencentral")
    assert load_plan(ROOT / "plans" / f"{name}.yaml").plan.witness is None


def test_a_witness_knows_its_parts() -> None:
    witness = Witness(container=URL, region="swedencentral")
    assert witness.account_url == "https://stavdwitness.blob.core.windows.net"
    assert (witness.account, witness.name) == ("stavdwitness", "failover")


@pytest.mark.parametrize(("region", "side"), [("northeurope", "primary"), ("westeurope", "secondary")])
@pytest.mark.parametrize("name", PLANS)
def test_a_witness_in_a_sides_region_is_refused(tmp_path: Path, name: str, region: str, side: str) -> None:
    (fault,) = plan_faults(tmp_path, witnessed(name, region=region))
    assert fault.path == "witness.region"
    assert f"where the {side} side is" in fault.found
    assert "third region" in fault.hint


@pytest.mark.parametrize(
    "container",
    [
        "http://stavdwitness.blob.core.windows.net/failover",
        "https://stavdwitness.blob.core.windows.net",
        "https://stavdwitness.blob.core.windows.net/",
        f"{URL}/deeper",
        f"{URL}?sv=2024&sig=x",
        f"{URL}#x",
        "https://user@stavdwitness.blob.core.windows.net/failover",
        "https://stavdwitness.blob.core.windows.net:444/failover",
        "https://stavdwitness.file.core.windows.net/failover",
        "https://UPPER.blob.core.windows.net/failover",
        "https://stavdwitness.blob.core.windows.net/Up",
        "https://stavdwitness.blob.core.windows.net/a--b",
        "stavdwitness/failover",
    ],
)
def test_what_is_no_plain_address_of_a_container_is_refused(tmp_path: Path, container: str) -> None:
    assert not is_container(container)
    (fault,) = plan_faults(tmp_path, witnessed(container=f'"{container}"'))
    assert fault.path == "witness.container"
    assert fault.allowed == "https://ACCOUNT.blob.core.windows.net/CONTAINER"


@pytest.mark.parametrize("host", ["core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net"])
def test_containers_of_every_cloud_are_taken(host: str) -> None:
    assert is_container(f"https://stavdwitness.blob.{host}/a-b-3")


def test_a_request_must_fit_the_lease(tmp_path: Path) -> None:
    slow = (
        witnessed()
        .replace("request_timeout: 30s", "request_timeout: 40s")
        .replace("in_flight: 6m", "in_flight: 10m")
    )
    (fault,) = plan_faults(tmp_path, slow)
    assert (fault.path, fault.allowed) == ("policies.request_timeout", "at most 34s")


def test_no_right_of_a_witness_deletes_anything() -> None:
    assert not [one for one in WITNESS_ACTIONS if "delete" in one or one.endswith("*")]

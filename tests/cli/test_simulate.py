"""``failover simulate`` as a process: where it says it is, how it stops, and what it refuses."""

import asyncio
import json
import shlex
import signal
import socket
import ssl
import sys
import urllib.request
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from avd_failover.cli.exits import ExitCode
from tests.simulator.http.estate import PLAIN


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "wire.yaml"
    path.write_text(json.dumps(PLAIN))
    return path


@asynccontextmanager
async def simulated(*arguments):
    """Run the command until the block ends; yield the process and its first line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "avd_failover.cli.main",
        "simulate",
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        yield process, line.decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(process):
    return await asyncio.wait_for(process.wait(), 60)


def get(url, context=None):
    with urllib.request.urlopen(url, timeout=10, context=context) as answer:
        return json.load(answer)


async def test_it_says_in_json_where_it_is_and_serves_there_until_sigterm(scenario):
    arguments = (scenario, "--output", "json", "--speed", "240", "--seed", "99")
    async with simulated(*arguments) as (process, line):
        told = json.loads(line)
        clock = await asyncio.to_thread(get, told["arm_endpoint"] + "/_sim/clock")
        process.send_signal(signal.SIGTERM)
        assert await ended(process) == ExitCode.DONE
    assert (clock["scenario"], clock["seed"], clock["speed"]) == ("wire", 99, 240.0)
    assert told["simulated"] is True
    assert told["environment"] == {
        "AVD_FAILOVER_ARM_ENDPOINT": told["arm_endpoint"],
        "AVD_FAILOVER_GRAPH_ENDPOINT": told["graph_endpoint"],
    }


async def test_as_text_it_is_one_line_for_a_shell_and_ctrl_c_ends_it_well(scenario):
    async with simulated(scenario) as (process, line):
        words = shlex.split(line, comments=True)
        process.send_signal(signal.SIGINT)
        assert await ended(process) == ExitCode.DONE
        assert await process.stdout.read() == b""
    assert words[0] == "export"
    variables = dict(word.split("=", 1) for word in words[1:])
    assert set(variables) == {"AVD_FAILOVER_ARM_ENDPOINT", "AVD_FAILOVER_GRAPH_ENDPOINT"}
    assert len(set(variables.values())) == 1
    assert line.rstrip().endswith("# SIMULATED wire, seed 7, speed 60")


@pytest.mark.parametrize("arguments", [("--tls",), ("--tls-directory", "certificates")])
async def test_with_tls_the_announced_variables_are_all_that_a_caller_needs(
    scenario, arguments, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    async with simulated(scenario, "--output", "json", *arguments) as (process, line):
        variables = json.loads(line)["environment"]
        trusted = Path(variables["SSL_CERT_FILE"])
        context = ssl.create_default_context(cafile=str(trusted))
        url = variables["AVD_FAILOVER_ARM_ENDPOINT"]
        clock = await asyncio.to_thread(get, url + "/_sim/clock", context)
        process.send_signal(signal.SIGTERM)
        assert await ended(process) == ExitCode.DONE
    assert clock["scenario"] == "wire"
    assert url.startswith("https://127.0.0.1:")
    assert variables["REQUESTS_CA_BUNDLE"] == str(trusted)
    assert trusted.is_absolute()
    assert trusted.exists() == (trusted.parent == tmp_path / "certificates")


def test_a_directory_that_cannot_be_written_ends_with_1_and_what_to_do(scenario, tmp_path, capfd):
    (tmp_path / "file").touch()
    code, said = typed(capfd, scenario, "--tls-directory", tmp_path / "file" / "below")
    assert code == ExitCode.FAILED
    assert "cannot write certificates" in said.err
    assert "Next: failover simulate --tls" in said.err


async def test_a_port_in_use_ends_with_1_and_the_next_command(scenario):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with simulated(scenario, "--port", port) as (process, line):
            assert await ended(process) == ExitCode.FAILED
            said = (await process.stderr.read()).decode()
    assert line == ""
    assert f"port {port} is in use" in said
    assert f"Next: failover simulate {scenario} --port 0" in said


def typed(capfd, *arguments):
    from avd_failover.cli.main import run

    code = run(["simulate", *map(str, arguments)])
    return code, capfd.readouterr()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"summary": 3, "seed": "x"}, ["summary", "seed"]),
        ({"starts_at": "2026-03-02T03:00:00"}, ["offset"]),
        ({"workload": {"pools": ["hp-North", "hp-Nowhere"], "groups": ["G1"]}}, ["hp-Nowhere"]),
        ({"assignments": [{"principal": "x@y", "application_group": "dag-North"}]}, ["x@y"]),
    ],
)
def test_a_bad_scenario_ends_with_2_and_every_fault(tmp_path, capfd, change, words):
    path = tmp_path / "bad.yaml"
    path.write_text(json.dumps(PLAIN | change))
    code, said = typed(capfd, path)
    assert code == ExitCode.BAD_INPUT
    assert said.out == ""
    assert all(word in said.err for word in words)
    assert f"Next: failover validate {path}" in said.err


def test_a_scenario_that_is_nowhere_ends_with_2_and_names_the_known_ones(
    tmp_path, capfd, monkeypatch, scenario
):
    monkeypatch.setenv("AVD_FAILOVER_SCENARIOS", str(scenario.parent))
    code, said = typed(capfd, "wires")
    assert code == ExitCode.BAD_INPUT
    assert "wire" in said.err


@pytest.mark.parametrize(
    "arguments", [[], ["x", "--port", "70000"], ["x", "--speed", "0"], ["x", "--seed", "-1"]]
)
def test_bad_usage_ends_with_2(capfd, arguments):
    assert typed(capfd, *arguments)[0] == ExitCode.BAD_INPUT

"""Drawings of a step graph."""

from avd_failover.domain.estate import PoolKind
from avd_failover.domain.graph import Step, StepGraph
from avd_failover.domain.plan import End, Mode
from avd_failover.runbook.render import as_mermaid, as_text, duration_text

GRAPH = StepGraph(
    runbook="small",
    summary="Three steps.",
    pool=PoolKind.POOLED,
    steps=(
        Step(id="look", uses="checks.readiness", proof_within_s=90),
        Step(id="tell", uses="notify.users", side=End.SOURCE, needs=("look",), modes=(Mode.PLANNED,)),
        Step(id="drain-source", uses="hosts.drain", side=End.SOURCE, needs=("look",)),
        Step(id="wall", uses="barrier", needs=("tell", "drain-source"), proof_within_s=3600),
    ),
)


def test_text_shows_ranks_that_may_run_side_by_side():
    assert as_text(GRAPH) == (
        "small: Three steps.\n"
        "\n"
        "  1  look          checks.readiness, proven within 1m30s\n"
        "\n"
        "  2  tell          notify.users on the source, proven within 15m, planned mode only\n"
        "                   after look\n"
        "     drain-source  hosts.drain on the source, proven within 15m\n"
        "                   after look\n"
        "\n"
        "  3  wall          barrier, proven within 1h\n"
        "                   after tell, drain-source\n"
    )


def test_mermaid_has_a_node_a_step_and_an_arrow_a_need():
    assert as_mermaid(GRAPH) == (
        "flowchart TD\n"
        '  s1["look<br/>checks.readiness"]\n'
        '  s2["tell<br/>notify.users (source)"]\n'
        '  s3["drain-source<br/>hosts.drain (source)"]\n'
        '  s4["wall<br/>barrier"]\n'
        "  s1 --> s2\n"
        "  s1 --> s3\n"
        "  s2 --> s4\n"
        "  s3 --> s4\n"
        "  classDef sometimes stroke-dasharray: 5 5\n"
        "  class s2 sometimes\n"
    )


def test_a_graph_without_a_summary_is_headed_by_its_name():
    assert as_text(
        StepGraph(runbook="r", summary="", pool=PoolKind.POOLED, steps=GRAPH.steps[:1])
    ).startswith("r\n")


def test_durations_are_written_as_files_write_them():
    assert [duration_text(seconds) for seconds in (0, 59, 60, 5400, 86_400)] == [
        "0s",
        "59s",
        "1m",
        "1h30m",
        "24h",
    ]

"""What is done in a scenario: the runs that are rehearsed in it one after the other, and what people say."""

from typing import Annotated, Literal

from pydantic import Field

from avd_failover.runbook.durations import Duration
from avd_failover.runbook.yaml_file import FileModel


class SaidSpec(FileModel):
    """What a person asks of a run while it goes on, or while it rests."""

    at: Duration = Field(description="When, counted from the start of its run.")
    order: Literal[
        "approve", "reject", "skip", "retry", "choose", "pause", "abort", "rollback", "unplanned"
    ] = Field(description="What is asked for, as on the command line.")
    by: str = Field(min_length=1, description="Who asks.")
    step: str | None = Field(default=None, description="Step that it is about.")
    item: str = Field(default="", description="Thing of the step that it is about, such as a machine.")
    value: str = Field(default="", description="What is chosen.")
    reason: str = Field(default="", description="Why.")


class RunSpec(FileModel):
    """One run against the scenario."""

    purpose: Literal["failover", "failback", "drill", "settle", "upkeep"] = Field(
        default="failover", description="What it is for."
    )
    mode: Literal["planned", "unplanned"] = Field(
        default="planned", description="Whether its source answers, or may be dark."
    )
    groups: tuple[str, ...] | None = Field(default=None, description="The user groups that it moves only.")
    app_groups: tuple[str, ...] | None = Field(
        default=None, description="The application groups that it moves only."
    )
    runbook: str | None = Field(default=None, description="Runbook, where not the one of plan and purpose.")
    hold: Duration | None = Field(default=None, description="How long a drill holds for its testers.")
    force: str = Field(default="", description="Why a source that looks healthy is left as dark.")
    after: Duration = Field(default=0.0, description="How long after the run before it.")
    people: tuple[SaidSpec, ...] = Field(default=(), description="What people ask of it meanwhile.")
    resumes: Annotated[int, Field(ge=0, le=20)] = Field(
        default=0, description="How often it is resumed, a minute after it came to rest without an end."
    )
    ends: str = Field(
        default="completed",
        description="How it has to end for the next run to begin; the last is judged by `expect`.",
    )

"""Exchanges recorded against the real Azure, where the folder that holds them is at hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.azure.fake_arm import Answer

FOLDER = Path(__file__).parents[2] / "../shared/azure-recordings"


def recorded(file: str, operation: str) -> dict[str, Any]:
    """Return one recorded exchange; skips the test where the recordings are absent."""
    path = FOLDER / f"{file}.json"
    if not path.exists():
        pytest.skip(f"no recordings at {FOLDER}")
    exchanges: list[dict[str, Any]] = json.loads(path.read_text())
    return next(exchange for exchange in exchanges if exchange["operation"] == operation)


def answer_of(exchange: dict[str, Any]) -> Answer:
    """Return the recorded answer, with the headers that survive another server and another length."""
    response = exchange["response"]
    kept = {
        name: value
        for name, value in response["headers"].items()
        if isinstance(value, str)
        and name.lower().startswith(("x-ms-", "x-rate", "retry-", "azure-async", "location"))
    }
    moved = {name: value.replace("https://management.azure.com", "{here}") for name, value in kept.items()}
    return Answer(response["status"], response["body"], moved)

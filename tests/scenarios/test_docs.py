"""docs/scenarios.md is held to the format it describes and to the files that it lists."""

import json
import re

import jsonschema
import pytest

from avd_failover.cli.files import _schema
from avd_failover.runbook.yaml_file import load
from tests.scenarios.reference import BEGIN, DOCUMENT, END, reference
from tests.scenarios.test_scenarios import FILES, NAMES

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_the_reference_is_that_of_the_models():
    standing = TEXT.partition(BEGIN)[2].partition(END)[0]
    assert standing == reference(), "write it anew: python -m tests.scenarios.reference"


def test_every_scenario_is_listed_once_with_what_it_defends():
    listed = re.findall(
        r"^\| `([a-z0-9-]+)` \| [^|]{10,} \|$", TEXT.partition("## Every key")[0], re.MULTILINE
    )
    assert sorted(listed) == sorted(NAMES)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_scenario_fits_the_schema_that_editors_use(path):
    schema = json.loads(json.dumps(_schema("scenario")))
    jsonschema.Draft202012Validator(schema).validate(load(path).data)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"surprise": 1}, False),
        ({"seed": "seven"}, False),
        ({"expect": [{"ends": "stopped"}]}, False),
        ({"host_pools": [{"hosts": {"count": 1}}]}, False),
        ({"host_pools": [{"name": "hp-pooled-neu", "hosts": {"running": 1}}]}, True),
    ],
)
def test_the_schema_for_extending_files_is_open_for_parts_and_closed_for_mistakes(change, fits):
    file = {"scenario": "mine", "summary": "Mine.", "extends": "pooled-eu"} | change
    assert jsonschema.Draft202012Validator(_schema("scenario")).is_valid(file) is fits


def test_a_file_that_extends_nothing_still_needs_everything():
    file = {"scenario": "mine", "summary": "Mine."}
    assert not jsonschema.Draft202012Validator(_schema("scenario")).is_valid(file)

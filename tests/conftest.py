"""What holds for every test: no environment of the person who runs it, and examples that do not vary."""

import os

import pytest
from hypothesis import settings

# The same examples on every machine, and no verdict by the clock: a busy machine is no defect.
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _nobody_elses_environment(monkeypatch):
    """Without this, a test could read a person's plans, or reach the Azure that their shell points at."""
    for variable in [name for name in os.environ if name.startswith(("AVD_FAILOVER_", "AZURE_"))]:
        monkeypatch.delenv(variable)

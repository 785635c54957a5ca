"""Make the shipped role files anew: ``python -m tests.deploy``."""

import sys
from contextlib import redirect_stdout

from avd_failover.cli.main import run
from tests.deploy.shipped import DEPLOY, SHIPPED

for name, arguments in SHIPPED.items():
    with (DEPLOY / name).open("w") as file, redirect_stdout(file):
        code = run(["permissions", *arguments])
    if code:
        sys.exit(f"{name}: exit code {code}")

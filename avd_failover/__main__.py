"""``python -m avd_failover``: the same as the ``failover`` command."""

from avd_failover.cli.main import main

main()

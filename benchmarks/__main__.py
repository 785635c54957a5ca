"""``python -m benchmarks``: the cost of a durable step beside the naive floor."""

from benchmarks.durable_steps import main

main()

"""Load and check YAML with places, and compile plan and runbook into a step graph."""

"""The append-only, hash-chained record of a run, and the fold that reads it."""

"""Error paths that no test enters, each with the reason why none can or need."""

EXCUSED: dict[tuple[str, str, str], str] = {}
"""By file in the package, place within it, and what stands there."""

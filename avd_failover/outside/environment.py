"""Values of environment variables that a runbook names. They go where they are sent, and nowhere else."""

from collections.abc import Iterable, Mapping

from avd_failover.domain.faults import RefusedError


def given(names: Iterable[str], environment: Mapping[str, str], target: str) -> dict[str, str]:
    """Return these variables with their values, and none besides.

    Raises:
        RefusedError: One of them is not set. Nothing was sent.
    """
    return {name: value_of(name, environment, target) for name in names}


def value_of(name: str, environment: Mapping[str, str], target: str) -> str:
    """Return the value of one variable; raises RefusedError when it is not set or empty."""
    if not (value := environment.get(name, "")):
        raise RefusedError(f"the environment variable {name} is not set", code="NoVariable", target=target)
    return value


def one_word(name: str, environment: Mapping[str, str], target: str) -> str:
    """Return the value of a variable that goes into a header or an address.

    Raises:
        RefusedError: It is not set, or has characters that would break out; it is never shown.
    """
    value = value_of(name, environment, target)
    if not value.isascii() or not value.isprintable() or any(mark in value for mark in " #\\\"'<>"):
        because = f"the environment variable {name} has blanks or marks that cannot be sent"
        raise RefusedError(because, code="BadVariable", target=target)
    return value

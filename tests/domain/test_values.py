"""Every value of the domain is frozen and names its fields, so that no host pool passes for a host."""

import importlib
import pkgutil

import msgspec
import pytest

from avd_failover import domain


def structs():
    for module in pkgutil.iter_modules(domain.__path__, "avd_failover.domain."):
        for value in vars(importlib.import_module(module.name)).values():
            if (
                isinstance(value, type)
                and issubclass(value, msgspec.Struct)
                and value.__module__ == module.name
            ):
                yield value


VALUES = list(structs())


def test_the_domain_has_values_to_check():
    assert len(VALUES) > 40


@pytest.mark.parametrize("value", VALUES, ids=[value.__qualname__ for value in VALUES])
def test_a_value_is_frozen_and_a_public_one_takes_its_fields_by_name(value):
    assert value.__struct_config__.frozen
    with pytest.raises(TypeError):
        value(*range(len(value.__struct_fields__) + value.__name__.startswith("_")))

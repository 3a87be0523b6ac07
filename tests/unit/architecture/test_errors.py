"""Every error is found in one place: the errors.py of its package, under one root."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import services
import shared


def own_exceptions() -> Iterator[type[BaseException]]:
    """Each exception that others can meet, in the code of services and of what they stand on."""
    for package in (shared, services):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(".__main__"):
                continue
            for name, found in inspect.getmembers(import_module(module.name), inspect.isclass):
                if found.__module__ == module.name and issubclass(found, BaseException) and not name.startswith("_"):
                    yield found


def test_every_exception_is_declared_in_the_errors_of_its_package() -> None:
    modules = {one.__name__: one.__module__ for one in own_exceptions()}
    assert {name: module for name, module in modules.items() if not module.endswith(".errors")} == {}


def test_every_exception_has_the_same_root() -> None:
    found = list(own_exceptions())
    assert {one.__name__ for one in found} >= {"AftaleError", "Refused", "StaleVersion", "Problem", "PolicyError"}
    assert [one.__name__ for one in found if "AftaleError" not in {root.__name__ for root in one.__mro__}] == []

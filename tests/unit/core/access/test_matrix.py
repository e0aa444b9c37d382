"""The permission matrix: its counts, and that every action the code enforces is granted by exactly one set."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

import lana.core
from lana.core.access.descriptions import description_of
from lana.core.access.matrix import PERMISSION_SETS, PREDEFINED_ROLES, SUPERUSER
from lana.lib.authz import Action


def test_there_are_33_sets() -> None:
    assert len(PERMISSION_SETS) == 33


def test_each_object_and_action_belongs_to_exactly_one_set() -> None:
    owners = Counter(permission for granted in PERMISSION_SETS.values() for permission in granted)
    assert [permission for permission, sets in owners.items() if sets != 1] == []


def test_an_action_names_its_object() -> None:
    for granted in PERMISSION_SETS.values():
        for permission in granted:
            module, entity, _ = permission.action.split(":")
            assert permission.object == f"{module}/{entity}/*"


def test_predefined_roles_have_the_sets_of_the_specification() -> None:
    assert {name: len(sets) for name, sets in PREDEFINED_ROLES.items()} == {
        SUPERUSER: 33,
        "admin": 29,
        "bank-manager": 20,
        "accountant": 10,
    }
    for sets in PREDEFINED_ROLES.values():
        assert sets <= PERMISSION_SETS.keys()


def test_price_contract_and_all_config_stay_with_the_superuser() -> None:
    kept = PREDEFINED_ROLES[SUPERUSER] - PREDEFINED_ROLES["admin"]
    assert kept == {"price_viewer", "price_writer", "contract_creation", "all_config_writer"}


def test_the_two_spellings_of_credit_are_different_sets() -> None:
    assert not set(PERMISSION_SETS["CreditViewer"]) & set(PERMISSION_SETS["credit_viewer"])
    assert not set(PERMISSION_SETS["CreditWriter"]) & set(PERMISSION_SETS["credit_writer"])


def test_every_set_but_the_capitalised_two_has_a_description() -> None:
    undescribed = {name for name in PERMISSION_SETS if not description_of(name)}
    assert undescribed == {"CreditViewer", "CreditWriter"}
    assert not description_of("no-such-set")


def actions_in(names: object) -> set[str]:
    """Of a module, and of the classes in it that group actions."""
    found: set[str] = set()
    for value in vars(names).values():
        if isinstance(value, Action):
            found.add(str(value))
        elif isinstance(value, type) and value.__module__.startswith("lana.core."):
            found |= actions_in(value)
    return found


def test_every_action_the_domains_enforce_is_in_the_matrix() -> None:
    granted = {permission.action for sets in PERMISSION_SETS.values() for permission in sets}
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(lana.core.__path__, "lana.core.")
        if module.name.endswith(".primitives")
    ]
    found = set[str]().union(*map(actions_in, modules))
    assert "access:user:create" in found
    assert found - granted == set()

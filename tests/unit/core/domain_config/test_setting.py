from __future__ import annotations

from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from lana.core.domain_config import LATER, AnySetting, ConfigType, KeyRegisteredTwice, Registry, Setting
from lana.core.domain_config.errors import InvalidState, InvalidType
from lana.lib.errors import Refusal


@pytest.mark.parametrize(
    ("config_type", "raw", "value"),
    [
        (ConfigType.BOOL, True, True),
        (ConfigType.STRING, "x", "x"),
        (ConfigType.INT, -5, -5),
        (ConfigType.UINT, 0, 0),
        (ConfigType.DECIMAL, "10.50", Decimal("10.50")),
        (ConfigType.DECIMAL, 10, Decimal(10)),
        (ConfigType.DECIMAL, 0.1, Decimal("0.1")),
        (ConfigType.TIMEZONE, "America/El_Salvador", ZoneInfo("America/El_Salvador")),
        (ConfigType.TIME, "18:00:00", time(18)),
        (ConfigType.COMPLEX, {"a": 1}, {"a": 1}),
    ],
)
def test_value_of_its_type_is_read(config_type: ConfigType, raw: object, value: object) -> None:
    setting = Setting[object]("k", config_type, exposed=False)
    assert setting.read(raw) == value
    assert setting.read(setting.checked(raw)) == value


@pytest.mark.parametrize(
    ("config_type", "raw", "message"),
    [
        (ConfigType.BOOL, "true", "Expected bool, got string"),
        (ConfigType.BOOL, 1, "Expected bool, got number"),
        (ConfigType.STRING, 12345, "Expected string, got number"),
        (ConfigType.UINT, True, "Expected uint, got bool"),
        (ConfigType.UINT, 1.5, "Expected uint, got number"),
        (ConfigType.UINT, -1, "Expected uint, got -1"),
        (ConfigType.INT, 2**63, f"Expected int, got {2**63}"),
        (ConfigType.DECIMAL, [], "Expected decimal, got array"),
        (ConfigType.DECIMAL, "NaN", "Expected decimal, got 'NaN'"),
        (ConfigType.DECIMAL, "1e999", "Expected decimal, got '1e999'"),
        (ConfigType.TIMEZONE, "Mars/Base", "Expected timezone, got 'Mars/Base'"),
        (ConfigType.TIMEZONE, "../../etc/passwd", "Expected timezone"),
        (ConfigType.TIME, "18:00", "Expected time, got '18:00'"),
        (ConfigType.TIME, "25:00:00", "Expected time"),
        (ConfigType.TIME, {}, "Expected time, got object"),
        (ConfigType.COMPLEX, "x", "Expected complex, got string"),
    ],
)
def test_value_of_another_type_is_refused(config_type: ConfigType, raw: object, message: str) -> None:
    with pytest.raises(InvalidType) as caught:
        Setting[object]("k", config_type, exposed=False).read(raw)
    assert caught.value.message.startswith(f"DomainConfigError - Invalid Type: {message}")
    assert caught.value.code == "INVALID_TYPE"


def test_setting_can_never_be_cleared() -> None:
    with pytest.raises(InvalidState) as caught:
        Setting[bool]("allow-x", ConfigType.BOOL, default=True).read(None)
    assert caught.value.message == "DomainConfigError - Invalid State: Expected non-null value for allow-x"


def test_text_without_nul_and_of_bounded_length() -> None:
    setting = Setting[str]("k", ConfigType.STRING)
    for raw in ("a\0b", "x" * 65_537):
        with pytest.raises(InvalidState):
            setting.read(raw)


def by_key(key: str) -> AnySetting:
    (found,) = [setting for setting in LATER if setting.key == key]
    return found


@pytest.mark.parametrize(
    ("key", "raw", "message"),
    [
        ("notification-email-from-email", " ", "from_email is required"),
        ("notification-email-from-email", "nobody", "from_email is invalid: nobody"),
        ("notification-email-from-name", "", "from_name is required"),
    ],
)
def test_rule_of_a_setting_is_kept(key: str, raw: object, message: str) -> None:
    with pytest.raises(Refusal, match=message):
        by_key(key).read(raw)


def test_later_domains_settings_have_the_defaults_of_the_table() -> None:
    assert {setting.key: setting.plain_default for setting in LATER} == {
        "notification-email-from-email": None,
        "notification-email-from-name": None,
        "sumsub-api-key": None,
        "sumsub-api-secret": None,
        "sumsub-kyc-flow-name": "basic-kyc-level",
        "sumsub-kyb-flow-name": "kyb-basic",
        "deposit-chart-of-accounts-integration": None,
        "credit-chart-of-accounts-integration": None,
    }


def test_encrypted_setting_cannot_have_a_default() -> None:
    with pytest.raises(ValueError, match="cannot have a default"):
        Setting[str]("k", ConfigType.STRING, "x", encrypted=True)


def test_key_registered_twice_is_a_fault_of_the_release() -> None:
    setting = Setting[bool]("k", ConfigType.BOOL, default=True)
    with pytest.raises(KeyRegisteredTwice):
        Registry([setting, setting])

from __future__ import annotations

import pytest

from lana.core.credit import SETTINGS
from lana.lib.errors import Refusal


def test_settings_of_credit_have_the_defaults_of_the_table() -> None:
    assert {setting.key: setting.plain_default for setting in SETTINGS} == {
        "collateral-release-floor": "NONE",
        "proposal-expiry-days": 0,
        "allow-proposal-withdrawal": False,
        "credit-request-expiry-days": 30,
    }


@pytest.mark.parametrize(
    ("key", "raw", "message"),
    [
        ("collateral-release-floor", "ALL", "one of NONE, MARGIN_CALL, INITIAL"),
        ("proposal-expiry-days", 36_501, "at most 36500 days"),
        ("credit-request-expiry-days", 2**40, "at most 36500 days"),
    ],
)
def test_a_setting_of_credit_keeps_its_rule(key: str, raw: object, message: str) -> None:
    (setting,) = [each for each in SETTINGS if each.key == key]
    with pytest.raises(Refusal, match=message):
        setting.read(raw)

"""The portfolio at other prices, over the API: hand-computed figures, and what is refused."""

from __future__ import annotations

import pytest

from lana.app import App
from lana.lib.authz import Ctx
from tests.support.api import Refused
from tests.support.lending import Lender
from tests.support.portfolio import HIGH, LOW, NAMED, OUTLOOK, STEPS, make_portfolio
from tests.support.servers import Servers

FIELDS = (
    *("price", "fullyCollateralized", "underMarginCall", "underLiquidation", "noCollateral", "noExposure"),
    *("bitcoinToSell", "cashReturned", "shortfall"),
)
QUERY = f"""query ($prices: [UsdCents!], $range: PriceRangeInput) {{
  portfolioStress(prices: $prices, range: $range) {{ termsTemplate facilities prices {{ {" ".join(FIELDS)} }} }}
}}"""


async def test_a_small_portfolio_at_other_prices(app: App, superuser: Ctx) -> None:
    staff = Servers(app, superuser.subject.id).superuser
    await make_portfolio(Lender(app, superuser))
    of_range = {"low": LOW, "high": HIGH, "steps": STEPS}
    rows = [dict(zip(FIELDS, row, strict=True)) for row in OUTLOOK]
    group = {"termsTemplate": None, "facilities": 3, "prices": rows}
    assert await staff.ask(QUERY, range=of_range) == {"portfolioStress": [group]}
    await staff.do("termsTemplateCreate", "__typename", name="Lines", terms=NAMED)
    found = await staff.ask(QUERY, prices=[HIGH, LOW])
    assert found["portfolioStress"] == [
        {"termsTemplate": "Lines", "facilities": 3, "prices": [rows[-1], rows[0]]}
    ]
    for wrong in ({}, {"prices": []}, {"prices": [0]}, {"prices": [LOW], "range": of_range}):
        with pytest.raises(Refused) as refused:
            await staff.ask(QUERY, **wrong)
        assert refused.value.code == "INVALID_PRICES", wrong

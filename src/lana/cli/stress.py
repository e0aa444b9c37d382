"""`lana-cli stress`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lana.cli.application import OPERATOR, with_app
from lana.cli.invocation import invocation
from lana.cli.output import print_rows

if TYPE_CHECKING:
    from lana.app import App

COLUMNS = ("terms", "price, cents", "facilities", "fully", "margin call", "liquidation", "no collateral",
           "no exposure", "satoshis to sell", "cents returned", "cents short")  # fmt: skip
MAX_STEPS = 1_000


def stress(
    ctx: typer.Context,
    low: Annotated[int, typer.Argument(min=1, help="The lowest price, in cents per bitcoin.")],
    high: Annotated[int, typer.Argument(min=1, help="The highest price, in cents per bitcoin.")],
    steps: Annotated[int, typer.Option(min=1, max=MAX_STEPS, help="How many steps between them.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the portfolio at other prices: states, what would be sold, what would be missing.

    Example, from $40,000 to $120,000 per bitcoin:

      lana-cli stress 4000000 12000000 --steps 8
    """

    async def work(bank: App) -> list[tuple[object, ...]]:
        from lana.core.credit import PriceRange
        from lana.lib.authz import Ctx
        from lana.lib.money import UsdCents

        prices = PriceRange(low=UsdCents(low), high=UsdCents(high), steps=steps).prices()
        report = await bank.credit.stress.of(Ctx.system(OPERATOR), prices)
        return [
            (report.names.get(group.terms_key, str(group.terms_key)[:8]), at.price, group.facilities,
             at.fully_collateralized, at.under_margin_call, at.under_liquidation, at.no_collateral,
             at.no_exposure, at.bitcoin_to_sell, at.cash_returned, at.shortfall)
            for group in report.outlooks
            for at in group.prices
        ]  # fmt: skip

    print_rows(COLUMNS, with_app(invocation(ctx), work), as_json=as_json)

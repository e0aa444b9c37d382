"""A facility's page, as staff's panel asks for it, on admin-server's own endpoint: terms, balance, history,
plan, disbursals, audit included.
"""

from __future__ import annotations

import itertools
import random
import statistics
import time

from lana.admin_server.schema import schema
from lana.app import App
from lana.lib.authz import Ctx
from lana.lib.graphql.engine import Engine
from lana.lib.graphql.input import Envelope
from lana.lib.graphql.limits import Limits
from lana.lib.graphql.request import Request

QUERY = """query ($id: UUID!) { creditFacility(id: $id) {
  publicId status facilityAmount collateralizationState currentCvl { ... on FiniteCvlPct { value } }
  creditFacilityTerms { annualRate duration { units } marginCallCvl { ... on FiniteCvlPct { value } } }
  balance { facilityRemaining outstanding outstandingPayable collateral disbursed { total outstanding }
            interest { total outstanding } }
  history { __typename }
  repaymentPlan { repaymentType status initial outstanding dueAt }
  disbursals { publicId amount status }
} }"""
WARM = 50
MOST = 5_000
OF_THE_LEDGER = 1
"""The balances' statement, which the ledger's own pool runs."""


async def page_of(app: App, ctx: Ctx, seconds: float) -> tuple[float, float]:
    """(statements of a page, p99 in milliseconds), one caller, warm.

    The median of the statements, because the bank's own loops ask as well.
    """
    rows = await app.db.fetch("select id::text from credit_facilities order by random() limit 1000")
    ids = itertools.cycle(random.sample([row[0] for row in rows], len(rows)))
    engine: Engine[App] = Engine(schema(), Limits.of(app.config.graphql))

    async def once() -> None:
        request = Request(app, Ctx(subject=ctx.subject, request_id="bench"))
        answer = await engine.answer(request, Envelope(QUERY, None, {"id": next(ids)}))
        assert "errors" not in answer, answer

    for _ in range(WARM):
        await once()
    times: list[float] = []
    asked: list[int] = []
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends and len(times) < MOST:
        before = app.db.statements + app.committer.statements
        started = time.perf_counter()
        await once()
        times.append((time.perf_counter() - started) * 1000)
        asked.append(app.db.statements + app.committer.statements - before)
    return statistics.median(asked) + OF_THE_LEDGER, statistics.quantiles(times, n=100)[98]

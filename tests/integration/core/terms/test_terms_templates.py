"""Terms templates through the admin API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.support.api import Refused
from tests.support.servers import Servers, open_servers
from tests.support.terms import TERMS

CVL = "{ __typename ... on FiniteCvlPct { value } ... on InfiniteCvlPct { isInfinite } }"
TEMPLATE = f"""
  termsTemplateId name createdAt userCanUpdateTermsTemplate offered minAmount maxAmount requiredDocuments
  values {{ annualRate accrualInterval accrualCycleInterval oneTimeFeeRate effectiveAnnualRate disbursalPolicy
    duration {{ period units }} liquidationCvl {CVL} marginCallCvl {CVL} initialCvl {CVL} }}
  eventHistory(first: 10) {{ nodes {{ eventType }} }}
"""
CREATE = f"""mutation ($name: String!, $terms: TermsInput!) {{
  termsTemplateCreate(input: {{name: $name, terms: $terms}}) {{ termsTemplate {{ {TEMPLATE} }} }} }}"""
UPDATE = f"""mutation ($id: UUID!, $terms: TermsInput!) {{
  termsTemplateUpdate(input: {{termsTemplateId: $id, terms: $terms}}) {{ termsTemplate {{ {TEMPLATE} }} }} }}"""
OFFER = f"""mutation ($input: TermsTemplateOfferUpdateInput!) {{
  termsTemplateOfferUpdate(input: $input) {{ termsTemplate {{ {TEMPLATE} }} }} }}"""


@pytest_asyncio.fixture
async def bank(dsn: str) -> AsyncIterator[Servers]:
    async with open_servers(dsn) as servers:
        yield servers


async def create(bank: Servers, name: str = "Standard", **changes: object) -> dict[str, Any]:
    data = await bank.superuser.ask(CREATE, name=name, terms=TERMS | changes)
    return data["termsTemplateCreate"]["termsTemplate"]


async def test_a_template_answers_its_terms(bank: Servers) -> None:
    made = await create(bank)
    assert made["values"] == {
        "annualRate": "12",
        "oneTimeFeeRate": "5",
        "effectiveAnnualRate": "32",
        "accrualInterval": "END_OF_DAY",
        "accrualCycleInterval": "END_OF_MONTH",
        "disbursalPolicy": "SINGLE_DISBURSAL",
        "duration": {"period": "MONTHS", "units": 3},
        "initialCvl": {"__typename": "FiniteCvlPct", "value": "140"},
        "marginCallCvl": {"__typename": "FiniteCvlPct", "value": "125"},
        "liquidationCvl": {"__typename": "FiniteCvlPct", "value": "105"},
    }
    assert made["userCanUpdateTermsTemplate"] is True
    found = await bank.superuser.ask(
        f"query ($id: UUID!) {{ termsTemplate(id: $id) {{ {TEMPLATE} }} }}", id=made["termsTemplateId"]
    )
    assert found["termsTemplate"] == made
    assert (
        await bank.superuser.ask("query ($id: UUID!) { termsTemplate(id: $id) { name } }", id=str(uuid4()))
    ) == {"termsTemplate": None}


async def test_names_are_unique_and_lists_go_by_name(bank: Servers) -> None:
    results = await asyncio.gather(*(create(bank, "B") for _ in range(8)), return_exceptions=True)
    refused = [each for each in results if isinstance(each, Refused)]
    assert len(refused) == 7
    assert {each.code for each in refused} == {"DUPLICATE_TERMS_TEMPLATE_NAME"}
    await create(bank, "A")
    listed = await bank.superuser.ask("{ termsTemplates { name } }")
    assert [each["name"] for each in listed["termsTemplates"]] == ["A", "B"]


async def test_an_update_is_recorded_once(bank: Servers) -> None:
    made = await create(bank)
    for _ in range(2):
        data = await bank.superuser.ask(UPDATE, id=made["termsTemplateId"], terms=TERMS | {"annualRate": "9"})
    changed = data["termsTemplateUpdate"]["termsTemplate"]
    assert changed["values"]["annualRate"] == "9"
    assert [each["eventType"] for each in changed["eventHistory"]["nodes"]] == [
        "term_values_updated",
        "initialized",
    ]


async def test_an_offer_is_what_customers_may_ask_for(bank: Servers) -> None:
    made = await create(bank)
    assert (made["offered"], made["minAmount"], made["requiredDocuments"]) == (False, None, [])
    offer = {
        "termsTemplateId": made["termsTemplateId"], "offered": True, "minAmount": 100_000, "maxAmount": 5_000_000,
        "requiredDocuments": ["Passport"],
    }  # fmt: skip
    changed = (await bank.superuser.ask(OFFER, input=offer))["termsTemplateOfferUpdate"]["termsTemplate"]
    assert {name: changed[name] for name in offer} == offer
    with pytest.raises(Refused) as refused:
        await bank.superuser.ask(OFFER, input=offer | {"minAmount": 5_000_001})
    assert refused.value.code == "INVALID_OFFER"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"marginCallCvl": "140"}, "MARGIN_CALL_ABOVE_INITIAL_LIMIT"),
        ({"liquidationCvl": "125"}, "MARGIN_CALL_BELOW_LIQUIDATION_LIMIT"),
        ({"annualRate": "-1"}, "INVALID_TERM_VALUE"),
        ({"duration": {"period": "DAYS", "units": 90}}, "INVALID_TERM_VALUE"),
        ({"obligationOverdueDurationFromDue": {"period": "MONTHS", "units": 1}}, "INVALID_TERM_VALUE"),
    ],
)
async def test_terms_no_loan_can_have_are_refused(
    bank: Servers, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await create(bank, **changes)
    assert refused.value.code == code
    assert (await bank.superuser.ask("{ termsTemplates { name } }")) == {"termsTemplates": []}

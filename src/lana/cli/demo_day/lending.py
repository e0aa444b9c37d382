"""The lending day: a request, an offer, two approvals, collateral, a month of interest, a payment, a margin
call, a liquidation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any, Final, Protocol

import msgspec

from lana.cli.demo_day.client import Api, DemoFailed, Refused
from lana.cli.demo_day.people import PATIENCE_SECONDS, until
from lana.lib.money import Satoshis, UsdCents, format_btc, format_usd

COMMITTEE: Final = "demo"
AMOUNT: Final = 1_000_000
COLLATERAL: Final = 20_000_000
START: Final = 10_000_000
CALL: Final = 5_500_000
FALL: Final = 4_600_000
MONTH: Final = 33
TERMS: Final[dict[str, Any]] = {
    "annualRate": "12",
    "oneTimeFeeRate": "1",
    "duration": {"period": "MONTHS", "units": 6},
    "interestDueDurationFromAccrual": {"period": "DAYS", "units": 0},
    "obligationOverdueDurationFromDue": {"period": "DAYS", "units": 30},
    "obligationLiquidationDurationFromDue": {"period": "DAYS", "units": 60},
    "accrualInterval": "END_OF_DAY",
    "accrualCycleInterval": "END_OF_MONTH",
    "disbursalPolicy": "SINGLE_DISBURSAL",
    "initialCvl": "140",
    "marginCallCvl": "125",
    "liquidationCvl": "105",
}
PROPOSAL: Final = "creditFacilityProposal { creditFacilityProposalId status }"
FACILITY: Final = (
    "query ($id: UUID!) { creditFacility(id: $id) { publicId status collateralizationState collateralId"
    " balance { outstanding interest { total outstandingPayable } collateral }"
    " liquidations { liquidationId expectedToReceive initiallyEstimatedToLiquidate completed } } }"
)


class Loan(msgspec.Struct, frozen=True):
    """Whose loan it is, and who decides with the superuser."""

    customer: str
    account: str
    approver: str


class Stage(Protocol):
    """Where the day is played."""

    def chapter(self, title: str) -> None: ...
    def say(self, sentence: str) -> None: ...
    async def refused(self, what: str, attempt: Awaitable[Any]) -> None: ...


class LendingDay:
    def __init__(self, stage: Stage, loan: Loan, staff: Api, approver: Api, customer: Api) -> None:
        self._stage = stage
        self._loan = loan
        self._staff = staff
        self._approver = approver
        self._customer = customer
        self._facility = ""
        self._collateral = ""

    async def play(self) -> None:
        await self._price(START)
        proposal = await self._offer(await self._request())
        policy = await self._two_decide()
        await self._accept(proposal)
        await self._approve(proposal)
        await self._staff.do("policyAutoApprove", "policy { policyId }", policyId=policy)
        await self._secure()
        await self._month()
        await self._pay()
        await self._margin_call()
        await self._liquidate()

    # --- the steps ------------------------------------------------------------------------------------------

    async def _request(self) -> str:
        self._stage.chapter("Lending: the customer asks for a loan")
        name = f"Demo loan {token_hex(3)}"
        made = await self._staff.do(
            "termsTemplateCreate", "termsTemplate { termsTemplateId }", name=name, terms=TERMS
        )
        template = made["termsTemplate"]["termsTemplateId"]
        await self._staff.do("termsTemplateOfferUpdate", "termsTemplate { name }",
                             termsTemplateId=template, offered=True)  # fmt: skip
        self._stage.say(f"the bank offers {name}: 12 % a year, 6 months, 1 % fee")
        request = (await self._customer.do("creditRequestSubmit", "creditRequest { creditRequestId status }",
                                           productId=template, amount=AMOUNT, purpose="a house",
                                           ))["creditRequest"]  # fmt: skip
        self._stage.say(f"the customer asks for {_usd(AMOUNT)}: {request['status']}")
        return str(request["creditRequestId"])

    async def _offer(self, request: str) -> str:
        taken = await self._staff.do("creditRequestTake", "creditRequest { status }", creditRequestId=request)
        self._stage.say(f"staff take it: {taken['creditRequest']['status']}")
        made = await self._staff.do(
            "creditFacilityProposalCreate", PROPOSAL, customerId=self._loan.customer, facility=AMOUNT,
            terms=TERMS, custodianId=await self._custodian(), creditRequestId=request,
        )  # fmt: skip
        proposal = made["creditFacilityProposal"]
        self._stage.say(f"and make a proposal: {proposal['status']}")
        return str(proposal["creditFacilityProposalId"])

    async def _custodian(self) -> str:
        found = await self._staff.ask("{ custodians(first: 100) { nodes { custodianId provider } } }")
        known = [c["custodianId"] for c in found["custodians"]["nodes"] if c["provider"] == "manual"]
        if known:
            return str(known[0])
        made = await self._staff.do("custodianCreate", "custodian { custodianId }",
                                    manual={"name": "The bank's vault"})  # fmt: skip
        return str(made["custodian"]["custodianId"])

    async def _two_decide(self) -> str:
        found = await self._staff.ask(
            "{ policies(first: 100) { nodes { policyId approvalProcessType } }"
            " committees(first: 100) { nodes { committeeId name } } }"
        )
        kind = "CREDIT_FACILITY_PROPOSAL_APPROVAL"
        policy = next(p["policyId"] for p in found["policies"]["nodes"] if p["approvalProcessType"] == kind)
        committee = next(c["committeeId"] for c in found["committees"]["nodes"] if c["name"] == COMMITTEE)
        await self._staff.do("policyCommitteeAssign", "policy { policyId }",
                             policyId=policy, committeeId=committee)  # fmt: skip
        return str(policy)

    async def _accept(self, proposal: str) -> None:
        self._stage.chapter("Lending: the customer reads the term sheet, and accepts it by its hash")
        query = "query ($id: UUID!) { creditFacilityProposal(id: $id) { termSheet { sha256 link } } }"

        async def sheet() -> dict[str, Any] | None:
            return (await self._customer.ask(query, id=proposal))["creditFacilityProposal"]["termSheet"]

        found = await self._until("the term sheet", sheet)
        self._stage.say(f"sha-256 {found['sha256'][:16]}…; whoever has this link reads it for an hour:")
        self._stage.say(found["link"])
        await self._stage.refused(
            "another hash",
            self._customer.do("creditFacilityProposalAccept", PROPOSAL, proposalId=proposal,
                              agreementHash="0" * 64),
        )  # fmt: skip
        accepted = await self._customer.do("creditFacilityProposalAccept", PROPOSAL, proposalId=proposal,
                                           agreementHash=found["sha256"])  # fmt: skip
        self._stage.say(f"accepted: {accepted['creditFacilityProposal']['status']}")

    async def _approve(self, proposal: str) -> None:
        """By both members of a committee."""
        for who, api in (("the superuser", self._staff), (self._loan.approver, self._approver)):
            process = await api.do(
                "approvalProcessApprove", "approvalProcess { status }", approvalProcessId=proposal
            )
            self._stage.say(f"{who} approves: {process['approvalProcess']['status']}")
        query = "query ($id: UUID!) { pendingCreditFacility(id: $id) { status collateralId } }"

        async def pending() -> dict[str, Any] | None:
            return (await self._staff.ask(query, id=proposal))["pendingCreditFacility"]

        found = await self._until("the approved proposal", pending)
        self._facility, self._collateral = proposal, str(found["collateralId"])
        self._stage.say(f"the bank approves: {found['status']}")

    async def _secure(self) -> None:
        self._stage.chapter("Lending: bitcoin comes in, the loan is paid out")
        await self._hold(COLLATERAL)
        facility = await self._becomes(lambda _: True)
        self._stage.say(
            f"facility {facility['publicId']} is {facility['status']}, {facility['collateralizationState']}"
        )

    async def _hold(self, satoshis: int) -> None:
        today = (await self._staff.ask("{ time { currentDate } }"))["time"]["currentDate"]
        await self._staff.do("collateralUpdate", "collateral { collateralId }",
                             collateralId=self._collateral, collateral=satoshis, effective=today)  # fmt: skip
        self._stage.say(f"collateral is {format_btc(Satoshis(satoshis))}")

    async def _month(self) -> None:
        self._stage.chapter("Lending: a month goes by on the bank's clock")
        if not await self._clock_is_manual():
            self._stage.say("the clock is the real one: interest comes with the days")
            return
        for _ in range(MONTH):
            await self._staff.ask("mutation { timeAdvanceToNextEndOfDay { time { currentDate } } }")
        facility = await self._becomes(lambda found: found["balance"]["interest"]["total"] > 0)
        self._stage.say(f"interest posted so far: {_usd(facility['balance']['interest']['total'])}")

    async def _clock_is_manual(self) -> bool:
        return bool(
            (await self._staff.ask("{ time { canAdvanceToNextEndOfDay } }"))["time"][
                "canAdvanceToNextEndOfDay"
            ]
        )

    async def _pay(self) -> None:
        await self._stage.refused("more than is owed", self._paid(AMOUNT * 10))
        left = (await self._paid(100_000))["balance"]["outstanding"]
        self._stage.say(f"the customer pays {_usd(100_000)}: {_usd(left)} outstanding")

    async def _paid(self, amount: int) -> dict[str, Any]:
        answer = await self._staff.do(
            "creditFacilityPartialPaymentRecord", "creditFacility { balance { outstanding } }",
            creditFacilityId=self._facility, amount=amount,
        )  # fmt: skip
        return dict(answer["creditFacility"])

    async def _margin_call(self) -> None:
        self._stage.chapter("Lending: the price falls")
        await self._price(CALL)
        facility = await self._becomes(
            lambda found: found["collateralizationState"] != "FULLY_COLLATERALIZED"
        )
        self._stage.say(f"the facility is {facility['collateralizationState']}")

    async def _liquidate(self) -> None:
        await self._price(FALL)
        facility = await self._becomes(lambda found: bool(found["liquidations"]))
        liquidation = facility["liquidations"][0]
        sold, worth = liquidation["initiallyEstimatedToLiquidate"], liquidation["expectedToReceive"]
        self._stage.say(f"a liquidation starts: sell {format_btc(Satoshis(sold))} for {_usd(worth)}")
        await self._staff.do("collateralRecordSentToLiquidation", "collateral { collateralId }",
                             collateralId=self._collateral, amount=sold)  # fmt: skip
        await self._staff.do("collateralRecordProceedsFromLiquidation", "collateral { collateralId }",
                             collateralId=self._collateral, amount=worth)  # fmt: skip
        facility = await self._becomes(lambda found: found["liquidations"][0]["completed"])
        self._stage.say(
            f"sold: {_usd(facility['balance']['outstanding'])} outstanding,"
            f" {facility['collateralizationState']}"
        )
        await self._price(START)

    # --- what steps share -----------------------------------------------------------------------------------

    async def _price(self, cents: int) -> None:
        """Said by hand; the worker takes it up within seconds."""
        found = await self._staff.ask("{ priceProviders(first: 100) { nodes { priceProviderId provider } } }")
        manual = next(
            p["priceProviderId"] for p in found["priceProviders"]["nodes"] if p["provider"] == "manual-price"
        )
        for each in found["priceProviders"]["nodes"]:
            if each["priceProviderId"] != manual:
                await self._staff.do("priceProviderDeactivate", "priceProvider { name }",
                                     priceProviderId=each["priceProviderId"])  # fmt: skip
        await self._staff.do("priceProviderConfigUpdate", "priceProvider { name }", priceProviderId=manual,
                             config={"manualPrice": {"usdCentsPerBtc": cents}})  # fmt: skip
        await self._staff.do("priceProviderActivate", "priceProvider { name }", priceProviderId=manual)

        async def there() -> bool | None:
            try:
                now = (await self._staff.ask("{ realtimePrice { usdCentsPerBtc } }"))["realtimePrice"]
            except Refused:  # none was accepted yet
                return None
            return now["usdCentsPerBtc"] == cents or None

        await self._until(f"a bitcoin to cost {_usd(cents)}", there)
        self._stage.say(f"[bold]a bitcoin costs {_usd(cents)}")

    async def _becomes(self, as_wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        async def there() -> dict[str, Any] | None:
            found = (await self._staff.ask(FACILITY, id=self._facility))["creditFacility"]
            return found if found is not None and as_wanted(found) else None

        return await self._until("the facility to follow", there)

    @staticmethod
    async def _until(what: str, there: Any) -> Any:
        try:
            return await until(what, there)
        except TimeoutError:
            raise DemoFailed(f"waited {PATIENCE_SECONDS:g} s for {what}. Does a worker run?") from None


def _usd(cents: int) -> str:
    return format_usd(UsdCents(cents))

"""A world with one of everything, made through the API, and its ids by the key fields that hold them."""

from __future__ import annotations

from uuid import UUID

from lana.lib.pg.page import Page
from tests.support.bank import superuser_of
from tests.support.lending import BITCOIN, SHEET_HASH, Lender, terms
from tests.support.servers import Servers
from tests.support.terms import TERMS

ACCOUNT = "query ($id: UUID!) { depositAccount(id: $id) { publicId } }"


async def make_world(bank: Servers, email: str) -> dict[str, object]:
    staff = bank.superuser
    name = email.partition("@")[0]
    world: dict[str, object] = dict(await bank.new_customer(email))
    account_id = world["depositAccountId"]
    deposit = (
        await staff.do(
            "depositRecord", "deposit { depositId publicId }", depositAccountId=account_id, amount=100_000
        )
    )["deposit"]
    withdrawal = (
        await staff.do(
            "withdrawalInitiate",
            "withdrawal { withdrawalId publicId ledgerTransactions { ledgerTransactionId } }",
            depositAccountId=account_id,
            amount=10_000,
        )
    )["withdrawal"]
    me = (await staff.ask("{ me { user { userId role { roleId permissionSets { permissionSetId } } } } }"))[
        "me"
    ]
    committee = (
        await staff.do(
            "committeeCreate",
            "committee { committeeId }",
            name=f"committee of {email}",
            memberUserIds=[me["user"]["userId"]],
        )
    )["committee"]
    loan = await make_loan(bank, UUID(str(account_id)))
    template_id = await make_product(bank, f"terms of {name}")
    request = await bank.customer(UUID(str(world["customerId"]))).do(
        "creditRequestSubmit",
        "creditRequest { creditRequestId publicId }",
        productId=template_id,
        amount=100_000,
        purpose="a house",
    )
    policy = (await staff.ask("{ policies(first: 1) { nodes { policyId } } }"))["policies"]["nodes"][0]
    config = (await staff.ask("{ domainConfigs(first: 1) { nodes { domainConfigId } } }"))["domainConfigs"]
    account = (await staff.ask(ACCOUNT, id=account_id))["depositAccount"]
    return (
        world
        | loan
        | {
            "depositAccountId.public": account["publicId"],
            "depositId": deposit["depositId"],
            "depositId.public": deposit["publicId"],
            "withdrawalId": withdrawal["withdrawalId"],
            "withdrawalId.public": withdrawal["publicId"],
            "approvalProcessId": withdrawal["withdrawalId"],
            "ledgerTransactionId": withdrawal["ledgerTransactions"][0]["ledgerTransactionId"],
            "ledgerAccountId": account_id,
            "templateCode": "RECORD_DEPOSIT",
            "userId": me["user"]["userId"],
            "roleId": me["user"]["role"]["roleId"],
            "permissionSetId": me["user"]["role"]["permissionSets"][0]["permissionSetId"],
            "committeeId": committee["committeeId"],
            "policyId": policy["policyId"],
            "domainConfigId": config["nodes"][0]["domainConfigId"],
            "termsTemplateId": template_id,
            "productId": await make_product(bank, f"more terms of {name}"),
            "creditRequestId": request["creditRequest"]["creditRequestId"],
            "creditRequestId.public": request["creditRequest"]["publicId"],
            "email": email,
        }
    )


async def make_loan(bank: Servers, account_id: UUID) -> dict[str, object]:
    """One that is under liquidation, drawn and paid on: whatever a loan can have is there."""
    app = bank.app
    lender = await lender_of(bank)
    account = await app.deposit_accounts.repo.peek(account_id)
    assert account
    await lender.price(7_000_000)
    made = await lender.active(5_000_000, BITCOIN, terms(fee="0", single=False), account=account)
    disbursal = await lender.disburse(made.id, 4_900_000)
    await bank.settle()
    await lender.pay(made.id, 1_000)
    await lender.price(5_000_000)
    await bank.settle()
    find = app.credit.collateral_reading.find_many_liquidations_by_facility
    (liquidation,) = (await find(lender.ctx, [made.id]))[made.id]
    facility = await lender.facility(made.id)
    return {
        "creditFacilityProposalId": str(made.id),
        "proposalId": str(made.id),
        "pendingCreditFacilityId": str(made.id),
        "creditFacilityId": str(made.id),
        "creditFacilityId.public": facility.public_id,
        "collateralId": str(made.collateral_id),
        "disbursalId": str(disbursal.id),
        "disbursalId.public": disbursal.public_id,
        "liquidationId": str(liquidation.id),
        "custodianId": str((await lender.custodian()).id),
    }


async def lender_of(bank: Servers) -> Lender:
    """All of a bank use one custodian."""
    ctx = await superuser_of(bank.app)
    known = await bank.app.custodians.list_custodians(ctx, Page(1))
    return Lender(bank.app, ctx, next(iter(known.items), None), settled=bank.settle)


async def make_proposal(bank: Servers, account_id: UUID) -> dict[str, object]:
    """One that waits for its customer, with the hash that accepts it."""
    lender = await lender_of(bank)
    account = await bank.app.deposit_accounts.repo.peek(account_id)
    assert account
    proposal = await lender.propose(1_000_000, account=account)
    await lender.term_sheet(proposal.id)
    return {"proposalId": str(proposal.id), "agreementHash": SHEET_HASH}


async def make_product(bank: Servers, name: str) -> object:
    """A terms template that customers may ask for."""
    made = await bank.superuser.do(
        "termsTemplateCreate", "termsTemplate { termsTemplateId }", name=name, terms=TERMS
    )
    template_id = made["termsTemplate"]["termsTemplateId"]
    await bank.superuser.do(
        "termsTemplateOfferUpdate",
        "termsTemplate { name }",
        termsTemplateId=template_id,
        offered=True,
    )
    return template_id

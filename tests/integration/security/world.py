"""A world with one of everything, made through the API, and its ids by the key fields that hold them."""

from __future__ import annotations

from uuid import UUID

from tests.support.price_feed import go_by
from tests.support.servers import Servers
from tests.support.terms import TERMS

ACCOUNT = "query ($id: UUID!) { depositAccount(id: $id) { publicId } }"


async def make_world(bank: Servers, email: str) -> dict[str, object]:
    staff = bank.superuser
    name = email.partition("@")[0]
    world: dict[str, object] = dict(await bank.new_customer(email))
    await go_by(bank.app, 50_000_00)
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
    return world | {
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

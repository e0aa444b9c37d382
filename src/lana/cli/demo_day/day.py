"""The day itself: each step says what is done, does it through the gateway, and shows
what the bank answered.
"""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from rich.console import Console
from rich.table import Table

from lana.cli.demo_day.client import Api, DemoFailed, Refused
from lana.cli.demo_day.lending import COMMITTEE, LendingDay, Loan
from lana.cli.demo_day.people import PATIENCE_SECONDS, People, until
from lana.lib.money import UsdCents, format_usd

APPROVER = "approver@example.com"
WITHDRAWAL = "withdrawal { withdrawalId publicId status }"


class Day:
    def __init__(self, people: People, console: Console) -> None:
        self._people = people
        self._console = console
        self._staff = people.superuser()
        self._account = ""
        self._email = f"customer-{token_hex(4)}@example.com"
        self._customer = ""

    async def play(self) -> None:
        await self._morning()
        approver = await self._second_approver()
        await self._new_customer()
        await self._money_comes()
        await self._money_goes()
        await self._committee_decides(approver)
        await self._freeze()
        await self._customers_view()
        lent = Loan(self.customer_id, self.account_id, APPROVER)
        await LendingDay(self, lent, self._staff, approver, await self._people.customer(self._email)).play()
        await self._what_was_kept()

    @property
    def customer_id(self) -> str:
        return self._customer

    @property
    def account_id(self) -> str:
        return self._account

    # --- the steps ------------------------------------------------------------------------------------------

    async def _morning(self) -> None:
        self.chapter("Morning: a member of staff logs in")
        me = await self._staff.ask("{ me { user { email role { name } } } time { currentDate timezone } }")
        user, time = me["me"]["user"], me["time"]
        self.say(
            f"{user['email']} is {user['role']['name']}; it is {time['currentDate']} ({time['timezone']})"
        )
        await self.set_setting("allow-manual-conversion", value=True)

    async def set_setting(self, key: str, *, value: object) -> None:
        page = (
            await self._staff.ask("{ domainConfigs(first: 100) { nodes { domainConfigId key value } } }")
        )["domainConfigs"]
        config = next(node for node in page["nodes"] if node["key"] == key)
        if config["value"] != value:
            await self._staff.do(
                "domainConfigUpdate",
                "domainConfig { key }",
                domainConfigId=config["domainConfigId"],
                value=value,
            )
            self.say(f"setting {key} is now {value}")

    async def _second_approver(self) -> Api:
        self.chapter("Two people must agree: a second approver")
        found = await self._find_user(APPROVER)
        if found is None:
            roles = (await self._staff.ask("{ roles(first: 100) { nodes { roleId name } } }"))["roles"][
                "nodes"
            ]
            role = next(role for role in roles if role["name"] == "bank-manager")
            await self._staff.do("userCreate", "user { userId }", email=APPROVER, roleId=role["roleId"])
            self.say(f"{APPROVER} joins as bank-manager; the bank makes the login by a job")
        else:
            self.say(f"{APPROVER} is already on the staff")
        return await self._people.staff(APPROVER)

    async def _find_user(self, email: str) -> str | None:
        after: str | None = None
        for _ in range(100):
            page = (
                await self._staff.ask(
                    "query ($after: String) { users(first: 100, after: $after) {"
                    " nodes { userId email } pageInfo { hasNextPage endCursor } } }",
                    after=after,
                )
            )["users"]
            found = next((user["userId"] for user in page["nodes"] if user["email"] == email), None)
            if found or not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]
        return None

    async def _new_customer(self) -> None:
        self.chapter("A customer comes")
        prospect = (
            await self._staff.do(
                "prospectCreate",
                "prospect { prospectId publicId stage }",
                email=self._email,
                telegramHandle=f"@{self._email.partition('@')[0]}",
                customerType="INDIVIDUAL",
            )
        )["prospect"]
        self.say(f"prospect {prospect['publicId']} {self._email}: {prospect['stage']}")
        customer = (
            await self._staff.do(
                "prospectConvert", "customer { customerId status }", prospectId=prospect["prospectId"]
            )
        )["customer"]
        self._customer = customer["customerId"]
        self.say(f"converted by hand: customer {prospect['publicId']} is {customer['status']}")
        account = (
            await self._staff.do(
                "depositAccountCreate",
                "depositAccount { depositAccountId publicId status }",
                customerId=self._customer,
            )
        )["depositAccount"]
        self._account = account["depositAccountId"]
        self.say(f"deposit account {account['publicId']} is {account['status']}")
        await self.refused(
            "a second account for the same customer",
            self._staff.do("depositAccountCreate", "depositAccount { publicId }", customerId=self._customer),
        )

    async def _money_comes(self) -> None:
        self.chapter("Money comes")
        reference = f"wire-{token_hex(3)}"
        for amount, ref in ((100_000, reference), (25_050, None)):
            deposit = (
                await self._staff.do(
                    "depositRecord",
                    "deposit { publicId status reference }",
                    depositAccountId=self._account,
                    amount=amount,
                    reference=ref,
                )
            )["deposit"]
            self.say(f"deposit {deposit['publicId']} of {_usd(amount)}: {deposit['status']}")
        await self.refused(
            "the same reference again",
            self._staff.do(
                "depositRecord",
                "deposit { publicId }",
                depositAccountId=self._account,
                amount=1,
                reference=reference,
            ),
        )
        await self._balance()

    async def _money_goes(self) -> None:
        self.chapter("Money goes: withdrawals that approve themselves")
        await self.refused("a withdrawal beyond the balance", self._initiate(1_000_000))
        withdrawal = await self._initiate(30_000)
        await self._balance()
        await self._becomes(withdrawal, "PENDING_CONFIRMATION")
        await self._end(withdrawal, "withdrawalConfirm")
        withdrawal = await self._initiate(5_000)
        await self._becomes(withdrawal, "PENDING_CONFIRMATION")
        await self._end(withdrawal, "withdrawalCancel")
        await self.refused("confirming what was cancelled", self._end(withdrawal, "withdrawalConfirm"))
        await self._balance()

    async def _committee_decides(self, approver: Api) -> None:
        self.chapter("Money goes: a committee of two decides")
        policy = await self._withdrawal_policy()
        committee = await self._committee()
        await self._staff.do(
            "policyCommitteeAssign", "policy { policyId }", policyId=policy, committeeId=committee
        )
        withdrawal = await self._initiate(20_000)
        for who, api in (("the superuser", self._staff), (APPROVER, approver)):
            process = (
                await api.do(
                    "approvalProcessApprove", "approvalProcess { status }", approvalProcessId=withdrawal
                )
            )["approvalProcess"]
            self.say(f"{who} approves: {process['status']}")
        await self._becomes(withdrawal, "PENDING_CONFIRMATION")
        await self._end(withdrawal, "withdrawalConfirm")
        withdrawal = await self._initiate(10_000)
        process = (
            await approver.do(
                "approvalProcessDeny",
                "approvalProcess { status deniedReason }",
                approvalProcessId=withdrawal,
                reason="no papers",
            )
        )["approvalProcess"]
        self.say(f"{APPROVER} denies: {process['status']} ({process['deniedReason']})")
        await self._becomes(withdrawal, "DENIED")
        await self._balance()
        await self._staff.do("policyAutoApprove", "policy { policyId }", policyId=policy)
        self.say("withdrawals approve themselves again")

    async def _freeze(self) -> None:
        self.chapter("A customer is frozen, and released")
        for verb, status in (("customerFreeze", "FROZEN"), ("customerUnfreeze", "ACTIVE")):
            await self._staff.do(verb, "customer { status }", customerId=self._customer)
            await self._account_becomes(status)
            if status == "FROZEN":
                await self.refused(
                    "a deposit on a frozen account",
                    self._staff.do(
                        "depositRecord", "deposit { publicId }", depositAccountId=self._account, amount=100
                    ),
                )
        await self._balance()

    async def _customers_view(self) -> None:
        self.chapter("The customer looks, with a token of the other realm")
        customer = await self._people.customer(self._email)
        me = (
            await customer.ask(
                "{ me { customer { email status depositAccount { balance { settled pending }"
                " withdrawals { amount status } history(first: 20) { nodes { __typename } } } } } }"
            )
        )["me"]["customer"]
        account = me["depositAccount"]
        self.say(f"{me['email']} sees {_usd(account['balance']['settled'])} and these withdrawals:")
        for withdrawal in account["withdrawals"]:
            self.say(f"  {_usd(withdrawal['amount'])} {withdrawal['status']}")
        self.say("history: " + ", ".join(node["__typename"] for node in account["history"]["nodes"]))
        intruder = self._people.customer_at_the_staff_api(self._email)
        await self.refused("the customer's token at the staff API", intruder.ask("{ me { user { email } } }"))

    async def _what_was_kept(self) -> None:
        self.chapter("Evening: what the bank kept")
        entries = (
            await self._staff.ask(
                "{ audit(first: 8) { nodes {"
                " subject { ... on User { email } ... on Customer { email } ... on System { actor } }"
                " action authorized } } }"
            )
        )["audit"]["nodes"]
        table = Table("who", "did", "allowed", title="the newest rows of the audit")
        for entry in entries:
            who = entry["subject"].get("email") or entry["subject"].get("actor") or ""
            table.add_row(who, entry["action"], "yes" if entry["authorized"] else "no")
        self._console.print(table)

    # --- what steps share -----------------------------------------------------------------------------------

    def chapter(self, title: str) -> None:
        self._console.rule(f"[bold]{title}", align="left")

    def say(self, sentence: str) -> None:
        self._console.print(f"  {sentence}", highlight=False, soft_wrap=True)

    async def refused(self, what: str, attempt: Any) -> None:
        """Something the bank must refuse."""
        try:
            await attempt
        except Refused as refusal:
            self.say(f"[yellow]refused[/yellow] {what}: {refusal.code}")
        else:
            raise DemoFailed(f"the bank allowed {what}")

    async def _initiate(self, amount: int) -> str:
        withdrawal = (
            await self._staff.do(
                "withdrawalInitiate", WITHDRAWAL, depositAccountId=self._account, amount=amount
            )
        )["withdrawal"]
        self.say(f"withdrawal {withdrawal['publicId']} of {_usd(amount)}: {withdrawal['status']}")
        return str(withdrawal["withdrawalId"])

    async def _end(self, withdrawal: str, verb: str) -> None:
        status = (await self._staff.do(verb, WITHDRAWAL, withdrawalId=withdrawal))["withdrawal"]["status"]
        self.say(f"{verb}: {status}")

    async def _becomes(self, withdrawal: str, status: str) -> None:
        await self.wait(
            f"the withdrawal to become {status}",
            "query ($id: UUID!) { withdrawal(id: $id) { status } }",
            withdrawal,
            status,
        )
        self.say(f"a process concluded it: {status}")

    async def _account_becomes(self, status: str) -> None:
        await self.wait(
            f"the account to become {status}",
            "query ($id: UUID!) { depositAccount(id: $id) { status } }",
            self._account,
            status,
        )
        self.say(f"customer and account are {status}")

    async def wait(self, what: str, query: str, wanted: str, status: str) -> None:
        async def there() -> bool | None:
            answer = await self._staff.ask(query, id=wanted)
            return next(iter(answer.values()))["status"] == status or None

        try:
            await until(what, there)
        except TimeoutError:
            raise DemoFailed(f"waited {PATIENCE_SECONDS:g} s for {what}. Does a worker run?") from None

    async def _balance(self) -> None:
        query = "query ($id: UUID!) { depositAccount(id: $id) { balance { settled pending } } }"
        balance = (await self._staff.ask(query, id=self._account))["depositAccount"]["balance"]
        self.say(f"[bold]balance {_usd(balance['settled'])}, pending {_usd(balance['pending'])}")

    async def _withdrawal_policy(self) -> str:
        policies = (
            await self._staff.ask("{ policies(first: 100) { nodes { policyId approvalProcessType } } }")
        )["policies"]["nodes"]
        return next(p["policyId"] for p in policies if p["approvalProcessType"] == "WITHDRAWAL_APPROVAL")

    async def _committee(self) -> str:
        found = (await self._staff.ask("{ committees(first: 100) { nodes { committeeId name } } }"))[
            "committees"
        ]
        known = next((c["committeeId"] for c in found["nodes"] if c["name"] == COMMITTEE), None)
        if known:
            return str(known)
        me = (await self._staff.ask("{ me { user { userId } } }"))["me"]["user"]["userId"]
        created = await self._staff.do(
            "committeeCreate",
            "committee { committeeId }",
            name=COMMITTEE,
            memberUserIds=[me, await self._find_user(APPROVER)],
        )
        return str(created["committee"]["committeeId"])


def _usd(cents: int) -> str:
    return format_usd(UsdCents(cents))

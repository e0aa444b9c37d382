"""Every refusal of the ledger: one class each, with a code and the facts that name what was at fault.

A `LedgerError` is a rule that said no; nothing was written. `code` is stable and meant for programs; the
message is for people and begins with the class's name. `detail` holds the facts: ids as text, amounts as
integers of the minor unit, texts cut to `MAX_FACT` characters.
"""

import re
from collections.abc import Mapping
from typing import ClassVar, Final, TypeAlias

MAX_FACT: Final = 300

# A value made of null, booleans, numbers, text, lists and objects.
JsonValue: TypeAlias = object


class LedgerError(Exception):
    """A refusal. Keyword arguments become `detail`; `sentence` is formatted with them."""

    code: ClassVar[str] = "LEDGER_ERROR"
    sentence: ClassVar[str] = ""
    by_code: ClassVar[dict[str, type["LedgerError"]]] = {}

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()
        LedgerError.by_code[cls.code] = cls

    def __init__(self, **detail: object) -> None:
        self.detail: dict[str, JsonValue] = {name: _plain(value) for name, value in detail.items()}
        super().__init__(str(self))

    def __str__(self) -> str:
        return f"{type(self).__name__}: {self.sentence.format_map(_Gaps(self.detail))}{self._place()}"

    def _place(self) -> str:
        """Template and field, where they are known and the sentence does not say them."""
        known = ((name, self.detail.get(name)) for name in ("template", "field"))
        said = [str(value) for name, value in known if value and f"{{{name}}}" not in self.sentence]
        return f" ({', '.join(said)})" if said else ""


class _Gaps(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def _plain(value: object) -> JsonValue:
    if value is None or isinstance(value, bool | int):
        return value
    text = str(value)
    return text if len(text) <= MAX_FACT else text[: MAX_FACT - 1] + "…"


class JournalNotFound(LedgerError):
    sentence = "no journal {journal_id}"


class JournalLocked(LedgerError):
    sentence = "journal {journal_id} is locked and takes no postings"


class JournalExists(LedgerError):
    sentence = "a journal with id {journal_id} or code '{journal_code}' already exists"


class TemplateNotFound(LedgerError):
    sentence = "no transaction template with code '{template}'"


class TemplateChanged(LedgerError):
    sentence = "template '{template}' is stored with other content"


class AccountNotFound(LedgerError):
    sentence = "no account {account_id}"


class AccountIsSet(LedgerError):
    sentence = "{account_id} is an account set: entries and statuses belong to accounts"


class AccountLocked(LedgerError):
    sentence = "account {account_id} is locked and takes no postings"


class AccountNotInJournal(LedgerError):
    sentence = "account {account_id} belongs to another journal than {journal_id}"


class AccountIdExists(LedgerError):
    sentence = "an account or set with id '{account_id}' already exists"


class AccountCodeExists(LedgerError):
    sentence = "code '{code}' already exists"


class AccountExternalIdExists(LedgerError):
    sentence = "external_id '{external_id}' already exists"


class SetNotFound(LedgerError):
    sentence = "no account set {set_id}"


class NotASet(LedgerError):
    sentence = "{set_id} is an account, not a set"


class MemberNotFound(LedgerError):
    sentence = "no account or set {member_id}"


class SetCycle(LedgerError):
    sentence = "{member_id} contains {set_id}, so it cannot become its member"


class AlreadyMember(LedgerError):
    sentence = "{member_id} is already a member of {set_id}"


class NotAMember(LedgerError):
    sentence = "{member_id} is not a member of {set_id}"


class LimitNotFound(LedgerError):
    sentence = "no velocity limit {limit_id}"


class InvalidLimit(LedgerError):
    sentence = "velocity limit {limit_id}, {field}: {reason} in expression `{expression}`"


class LimitChanged(LedgerError):
    sentence = "velocity limit {limit_id} is stored with other content"


class VelocityLimitExceeded(LedgerError):
    sentence = (
        "Velocity limit exceeded: '{limit}' on account {account_id}, {currency} {layer}: "
        + "asked {asked}, left {left}"
    )


class LimitUndecided(LedgerError):
    sentence = (
        "velocity limit '{limit}' on account {account_id}: its condition or window cannot be worked out for "
        + "transaction {transaction_id}"
    )


class BalanceOverflow(LedgerError):
    sentence = "the {currency} {layer} sums of {account_id} would pass 64 bits"


class TransactionIdReused(LedgerError):
    sentence = "transaction {transaction_id} was posted with other content"


class TransactionInFlight(LedgerError):
    sentence = "transaction {transaction_id} is posted by an earlier group of the same call: ask again"


class TransactionNotFound(LedgerError):
    sentence = "no transaction {transaction_id}"


class TransactionAlreadyReversed(LedgerError):
    sentence = "transaction {transaction_id} was reversed already"


class UnbalancedTransaction(LedgerError):
    sentence = "transaction {transaction_id}: currency {currency}, layer {layer}, amount {amount}"


class InvalidAmount(LedgerError):
    sentence = "transaction {transaction_id}, entry {entry}: amount {amount} is not a positive 64-bit integer"


class InvalidLimitAmount(InvalidAmount):
    sentence = "velocity limit {limit_id}: {amount} is not an amount from 0 to what fits in 64 bits"


class UnknownCurrency(LedgerError):
    sentence = "unknown currency '{currency}'"


class InvalidText(LedgerError):
    sentence = "{field} holds a character that cannot be stored, or is longer than {most} bytes"


class MissingParam(LedgerError):
    sentence = "template '{template}', transaction {transaction_id}: param '{param}' is missing"


class UnknownParam(LedgerError):
    sentence = "template '{template}', transaction {transaction_id}: there is no param '{param}'"


class WrongParamType(LedgerError):
    sentence = (
        "template '{template}', transaction {transaction_id}: param '{param}' must be of type {expected}"
    )


class InvalidTemplate(LedgerError):
    sentence = "template '{template}', {field}: {reason} in expression `{expression}`"


class ExpressionFailed(LedgerError):
    sentence = (
        "template '{template}', transaction {transaction_id}, {field}: {reason} in expression `{expression}`"
    )


class EffectiveDateMissing(LedgerError):
    sentence = (
        "transaction {transaction_id}: neither the input nor template '{template}' gives an effective date"
    )


class LedgerBusy(LedgerError):
    sentence = "{waiting} calls are waiting already, nothing was done: try again"


class PageTooLarge(LedgerError):
    sentence = "a page holds 0 to {most} rows, {first} were asked"


class InvalidRange(LedgerError):
    sentence = "a range cannot end on {until}, before it starts on {start}"


class InvalidPage(LedgerError):
    sentence = "a page is the first after a place, or the last before one"


class TooManyIds(LedgerError):
    sentence = "{ids} ids in one call, {most} is the most"


def refusal(code: str, detail: Mapping[str, object]) -> LedgerError:
    """The typed error of a row answered by a grouped call (`code`, `detail`)."""
    kind = LedgerError.by_code.get(code)
    if kind is None:
        raise LookupError(f"no ledger error has the code {code}")
    return kind(**detail)

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class UnexpectedCurrency(Refusal):
    """An entry in a currency the bank does not keep."""

    prefix = "JournalError"


class TemplateNotFound(Refusal):
    kind = Kind.NOT_FOUND
    prefix = "TxTemplateError"
    variant = "NotFound"

    def __init__(self, code: str) -> None:
        super().__init__(f"code '{code}' not found", field="templateCode")

"""Refusals of a prospect."""

from __future__ import annotations

from lana.lib.errors import Refusal


class ProspectRefusal(Refusal):
    prefix = "ProspectError"


class AlreadyConverted(ProspectRefusal):
    def __init__(self) -> None:
        super().__init__("prospect has already been converted to a customer")


class AlreadyClosed(ProspectRefusal):
    def __init__(self) -> None:
        super().__init__("prospect has been closed")


class KycNotStarted(ProspectRefusal):
    def __init__(self) -> None:
        super().__init__("cannot approve or decline KYC before it has been started")


class ApplicantIdMismatch(ProspectRefusal):
    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}, got {got}")


class ManualConversionNotAllowed(ProspectRefusal):
    prefix = "CustomerError"

"""Entities as other domains hear of them."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from lana.core.credit.disbursal.entity import Disbursal
from lana.core.credit.facility.entity import Facility
from lana.core.credit.obligation.entity import Obligation
from lana.core.credit.pending.entity import PendingFacility
from lana.core.credit.proposal.entity import Proposal
from lana.core.credit.public import (
    Collateralization,
    DisbursalSnapshot,
    FacilitySnapshot,
    LiquidationTriggered,
    ObligationSnapshot,
    PendingCollateralization,
    PendingSnapshot,
    ProposalSnapshot,
    Settlement,
)

F = TypeVar("F", bound=FacilitySnapshot)
P = TypeVar("P", bound=PendingSnapshot)
O = TypeVar("O", bound=ObligationSnapshot)  # noqa: E741
D = TypeVar("D", bound=DisbursalSnapshot)
R = TypeVar("R", bound=ProposalSnapshot)


def told_proposal(event: type[R], of: Proposal) -> R:
    return event(
        id=of.id,
        status=of.status,
        amount=of.amount,
        terms=of.terms,
        customer_id=of.customer_id,
        created_at=of.created_at,
    )


def told_pending(event: type[P], of: PendingFacility, completed_at: datetime | None = None) -> P:
    return event(
        id=of.id,
        status=of.status,
        collateralization=PendingCollateralization(
            state=of.collateralization_state,
            collateral=of.collateral,
            price_at_state_change=of.price_at_state_change,
        ),
        amount=of.amount,
        terms=of.terms,
        customer_id=of.customer_id,
        created_at=of.created_at,
        completed_at=completed_at,
    )


def told_facility(event: type[F], of: Facility, completed_at: datetime | None = None) -> F:
    trigger = of.liquidation
    return event(
        id=of.id,
        customer_id=of.customer_id,
        collateral_id=of.collateral_id,
        activation_tx_id=of.ledger_tx_id,
        activated_at=of.activated_at,
        amount=of.amount,
        collateralization=Collateralization(
            state=of.collateralization_state,
            collateral=of.position.collateral,
            outstanding=of.position.payable,
            price_at_state_change=of.price_at_state_change,
        ),
        completed_at=completed_at,
        liquidation_trigger=LiquidationTriggered(
            liquidation_id=trigger.liquidation_id,
            trigger_price=trigger.trigger_price,
            initially_expected_to_receive=trigger.initially_expected_to_receive,
            initially_estimated_to_liquidate=trigger.initially_estimated_to_liquidate,
        )
        if trigger
        else None,
    )


def told_disbursal(event: type[D], of: Disbursal, settlement: Settlement | None = None) -> D:
    return event(
        id=of.id,
        credit_facility_id=of.facility_id,
        amount=of.amount,
        status=of.status,
        settlement=settlement,
    )


def told_obligation(event: type[O], of: Obligation, recorded_at: datetime) -> O:
    return event(
        id=of.id,
        obligation_type=of.obligation_type,
        beneficiary_id=of.beneficiary_id,
        initial_amount=of.amount,
        outstanding_amount=of.outstanding,
        due_at=of.due_date,
        overdue_at=of.overdue_date,
        defaulted_at=of.defaulted_date,
        recorded_at=recorded_at,
        effective=of.effective,
    )

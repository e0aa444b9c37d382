"""Enough collateral activates a facility; what cannot be now is tried again at the next price."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit import Activations, Actor, PendingCreditFacilityCollateralizationChanged, PendingState
from lana.lib.es.op import Op
from lana.lib.outbox import PublicEvent


class CreditActivation:
    name: ClassVar[str] = "credit-facility-activation"
    takes: ClassVar[tuple[type[PublicEvent], ...]] = (PendingCreditFacilityCollateralizationChanged,)
    actor: ClassVar[str] = Actor.ACTIVATION

    def __init__(self, activations: Activations) -> None:
        self._activations = activations

    async def handle(self, op: Op, event: PublicEvent) -> None:
        if not isinstance(event, PendingCreditFacilityCollateralizationChanged):
            raise TypeError(f"{self.name} does not take {type(event).__name__}")
        if event.collateralization.state is PendingState.FULLY_COLLATERALIZED:
            await self._activations.activate(op, event.id)

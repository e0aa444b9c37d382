"""What staff read of credit, each look kept for the audit."""

from lana.core.credit.reading.collaterals import CollateralReading
from lana.core.credit.reading.facilities import FacilityReading
from lana.core.credit.reading.proposals import ProposalReading

__all__ = ["CollateralReading", "FacilityReading", "ProposalReading"]

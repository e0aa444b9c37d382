"""Where the credit domain's account sets hang in the chart of accounts."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import strawberry

from lana.admin_server.common import Info


@strawberry.type
class CreditFacilityModuleConfig:
    chart_of_accounts_id: UUID | None
    chart_of_account_collateral_in_liquidation_parent_code: str | None
    chart_of_account_collateral_omnibus_parent_code: str | None
    chart_of_account_collateral_parent_code: str | None
    chart_of_account_disbursed_defaulted_parent_code: str | None
    chart_of_account_facility_omnibus_parent_code: str | None
    chart_of_account_facility_parent_code: str | None
    chart_of_account_fee_income_parent_code: str | None
    chart_of_account_interest_added_to_obligations_omnibus_parent_code: str | None
    chart_of_account_interest_defaulted_parent_code: str | None
    chart_of_account_interest_income_parent_code: str | None
    chart_of_account_liquidated_collateral_parent_code: str | None
    chart_of_account_liquidation_proceeds_omnibus_parent_code: str | None
    chart_of_account_long_term_bank_disbursed_receivable_parent_code: str | None
    chart_of_account_long_term_bank_interest_receivable_parent_code: str | None
    chart_of_account_long_term_financial_institution_disbursed_receivable_parent_code: str | None
    chart_of_account_long_term_financial_institution_interest_receivable_parent_code: str | None
    chart_of_account_long_term_foreign_agency_or_subsidiary_disbursed_receivable_parent_code: str | None
    chart_of_account_long_term_foreign_agency_or_subsidiary_interest_receivable_parent_code: str | None
    chart_of_account_long_term_government_entity_disbursed_receivable_parent_code: str | None
    chart_of_account_long_term_government_entity_interest_receivable_parent_code: str | None
    chart_of_account_long_term_individual_disbursed_receivable_parent_code: str | None
    chart_of_account_long_term_individual_interest_receivable_parent_code: str | None
    chart_of_account_long_term_non_domiciled_company_disbursed_receivable_parent_code: str | None
    chart_of_account_long_term_non_domiciled_company_interest_receivable_parent_code: str | None
    chart_of_account_long_term_private_company_disbursed_receivable_parent_code: str | None
    chart_of_account_long_term_private_company_interest_receivable_parent_code: str | None
    chart_of_account_overdue_bank_disbursed_receivable_parent_code: str | None
    chart_of_account_overdue_financial_institution_disbursed_receivable_parent_code: str | None
    chart_of_account_overdue_foreign_agency_or_subsidiary_disbursed_receivable_parent_code: str | None
    chart_of_account_overdue_government_entity_disbursed_receivable_parent_code: str | None
    chart_of_account_overdue_individual_disbursed_receivable_parent_code: str | None
    chart_of_account_overdue_non_domiciled_company_disbursed_receivable_parent_code: str | None
    chart_of_account_overdue_private_company_disbursed_receivable_parent_code: str | None
    chart_of_account_payment_holding_parent_code: str | None
    chart_of_account_payments_made_omnibus_parent_code: str | None
    chart_of_account_proceeds_from_liquidation_parent_code: str | None
    chart_of_account_short_term_bank_disbursed_receivable_parent_code: str | None
    chart_of_account_short_term_bank_interest_receivable_parent_code: str | None
    chart_of_account_short_term_financial_institution_disbursed_receivable_parent_code: str | None
    chart_of_account_short_term_financial_institution_interest_receivable_parent_code: str | None
    chart_of_account_short_term_foreign_agency_or_subsidiary_disbursed_receivable_parent_code: str | None
    chart_of_account_short_term_foreign_agency_or_subsidiary_interest_receivable_parent_code: str | None
    chart_of_account_short_term_government_entity_disbursed_receivable_parent_code: str | None
    chart_of_account_short_term_government_entity_interest_receivable_parent_code: str | None
    chart_of_account_short_term_individual_disbursed_receivable_parent_code: str | None
    chart_of_account_short_term_individual_interest_receivable_parent_code: str | None
    chart_of_account_short_term_non_domiciled_company_disbursed_receivable_parent_code: str | None
    chart_of_account_short_term_non_domiciled_company_interest_receivable_parent_code: str | None
    chart_of_account_short_term_private_company_disbursed_receivable_parent_code: str | None
    chart_of_account_short_term_private_company_interest_receivable_parent_code: str | None
    chart_of_account_uncovered_outstanding_parent_code: str | None


@strawberry.input
class CreditFacilityModuleConfigureInput:
    chart_of_account_collateral_in_liquidation_parent_code: str
    chart_of_account_collateral_omnibus_parent_code: str
    chart_of_account_collateral_parent_code: str
    chart_of_account_disbursed_defaulted_parent_code: str
    chart_of_account_facility_omnibus_parent_code: str
    chart_of_account_facility_parent_code: str
    chart_of_account_fee_income_parent_code: str
    chart_of_account_interest_added_to_obligations_omnibus_parent_code: str
    chart_of_account_interest_defaulted_parent_code: str
    chart_of_account_interest_income_parent_code: str
    chart_of_account_liquidated_collateral_parent_code: str
    chart_of_account_liquidation_proceeds_omnibus_parent_code: str
    chart_of_account_long_term_bank_disbursed_receivable_parent_code: str
    chart_of_account_long_term_bank_interest_receivable_parent_code: str
    chart_of_account_long_term_financial_institution_disbursed_receivable_parent_code: str
    chart_of_account_long_term_financial_institution_interest_receivable_parent_code: str
    chart_of_account_long_term_foreign_agency_or_subsidiary_disbursed_receivable_parent_code: str
    chart_of_account_long_term_foreign_agency_or_subsidiary_interest_receivable_parent_code: str
    chart_of_account_long_term_government_entity_disbursed_receivable_parent_code: str
    chart_of_account_long_term_government_entity_interest_receivable_parent_code: str
    chart_of_account_long_term_individual_disbursed_receivable_parent_code: str
    chart_of_account_long_term_individual_interest_receivable_parent_code: str
    chart_of_account_long_term_non_domiciled_company_disbursed_receivable_parent_code: str
    chart_of_account_long_term_non_domiciled_company_interest_receivable_parent_code: str
    chart_of_account_long_term_private_company_disbursed_receivable_parent_code: str
    chart_of_account_long_term_private_company_interest_receivable_parent_code: str
    chart_of_account_overdue_bank_disbursed_receivable_parent_code: str
    chart_of_account_overdue_financial_institution_disbursed_receivable_parent_code: str
    chart_of_account_overdue_foreign_agency_or_subsidiary_disbursed_receivable_parent_code: str
    chart_of_account_overdue_government_entity_disbursed_receivable_parent_code: str
    chart_of_account_overdue_individual_disbursed_receivable_parent_code: str
    chart_of_account_overdue_non_domiciled_company_disbursed_receivable_parent_code: str
    chart_of_account_overdue_private_company_disbursed_receivable_parent_code: str
    chart_of_account_payment_holding_parent_code: str
    chart_of_account_payments_made_omnibus_parent_code: str
    chart_of_account_proceeds_from_liquidation_parent_code: str
    chart_of_account_short_term_bank_disbursed_receivable_parent_code: str
    chart_of_account_short_term_bank_interest_receivable_parent_code: str
    chart_of_account_short_term_financial_institution_disbursed_receivable_parent_code: str
    chart_of_account_short_term_financial_institution_interest_receivable_parent_code: str
    chart_of_account_short_term_foreign_agency_or_subsidiary_disbursed_receivable_parent_code: str
    chart_of_account_short_term_foreign_agency_or_subsidiary_interest_receivable_parent_code: str
    chart_of_account_short_term_government_entity_disbursed_receivable_parent_code: str
    chart_of_account_short_term_government_entity_interest_receivable_parent_code: str
    chart_of_account_short_term_individual_disbursed_receivable_parent_code: str
    chart_of_account_short_term_individual_interest_receivable_parent_code: str
    chart_of_account_short_term_non_domiciled_company_disbursed_receivable_parent_code: str
    chart_of_account_short_term_non_domiciled_company_interest_receivable_parent_code: str
    chart_of_account_short_term_private_company_disbursed_receivable_parent_code: str
    chart_of_account_short_term_private_company_interest_receivable_parent_code: str
    chart_of_account_uncovered_outstanding_parent_code: str


@strawberry.type
class CreditFacilityModuleConfigurePayload:
    credit_facility_config: CreditFacilityModuleConfig


@strawberry.type
class Query:
    @strawberry.field
    def credit_facility_config(self, info: Info) -> CreditFacilityModuleConfig | None:
        """None until it is configured."""
        info.context.app.credit.module_config.check_may_read(info.context.ctx)
        return None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def credit_facility_module_configure(
        self, info: Info, input: CreditFacilityModuleConfigureInput
    ) -> CreditFacilityModuleConfigurePayload:
        """Once, when the bank has its chart of accounts."""
        await info.context.command(info.context.app.credit.module_config.configure)
        return CreditFacilityModuleConfigurePayload(
            credit_facility_config=CreditFacilityModuleConfig(
                chart_of_accounts_id=None, **cast("dict[str, Any]", strawberry.asdict(input))
            )
        )

"""Kinds whose domains do not exist yet, as far as today's types refer to them.

No object of these kinds can exist, so their lists are empty and single ones are null; the fields are those
that need no further kinds. Each moves to its domain's file, with all its fields, when the domain comes.
"""

from __future__ import annotations

from uuid import UUID

import strawberry


@strawberry.type
class DepositAccountModuleConfig:
    chart_of_accounts_id: UUID | None
    chart_of_accounts_omnibus_parent_code: str | None
    chart_of_accounts_individual_deposit_accounts_parent_code: str | None
    chart_of_accounts_government_entity_deposit_accounts_parent_code: str | None
    chart_of_accounts_private_company_deposit_accounts_parent_code: str | None
    chart_of_accounts_bank_deposit_accounts_parent_code: str | None
    chart_of_accounts_financial_institution_deposit_accounts_parent_code: str | None
    chart_of_accounts_non_domiciled_company_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_individual_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_government_entity_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_private_company_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_bank_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_financial_institution_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_non_domiciled_company_deposit_accounts_parent_code: str | None

"""The lines of a statement, and the tags under which filers report each, in order of preference.

The first tag that has a value is taken and recorded, unless another makes the statement tie out
(`statements.py`). Tags are us-gaap's where no taxonomy is named. `sums` are tags that make up the
line together. The order is by meaning, from the total to the narrower: `Revenues` is all revenue, the
tags of contracts with customers may leave out leases or interest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    FLOW = "flow"  # money over a period; a quarter is a difference of two flows from one start
    BALANCE = "balance"  # money on a day
    SHARES = "shares"  # a mean number of shares over a period
    EACH = "each"  # money a share over a period
    COUNT = "count"  # shares on a day


@dataclass(frozen=True, slots=True)
class Line:
    """`core`: nearly every company has it. `industrial`: has no meaning for a bank or insurer."""

    name: str
    kind: Kind
    tags: tuple[str, ...]
    sums: tuple[tuple[str, ...], ...] = ()
    core: bool = True
    industrial: bool = False

    @property
    def all_tags(self) -> tuple[str, ...]:
        return (*self.tags, *(tag for tags in self.sums for tag in tags))


def _line(
    name: str,
    kind: Kind,
    tags: str,
    *,
    sums: tuple[str, ...] = (),
    core: bool = True,
    industrial: bool = False,
) -> Line:
    return Line(
        name,
        kind,
        tuple(_full(tag) for tag in tags.split()),
        tuple(tuple(_full(tag) for tag in group.split()) for group in sums),
        core,
        industrial,
    )


def _full(tag: str) -> str:
    return tag if ":" in tag else f"us-gaap:{tag}"


REVENUE = (
    "Revenues RevenueFromContractWithCustomerExcludingAssessedTax SalesRevenueNet "
    "RevenueFromContractWithCustomerIncludingAssessedTax RevenuesNetOfInterestExpense SalesRevenueGoodsNet "
    "SalesRevenueServicesNet ifrs-full:Revenue ifrs-full:RevenueFromContractsWithCustomers caller:revenue"
)
PRETAX = (
    "IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest "
    "IncomeLossFromContinuingOperationsBeforeIncomeTaxesMinorityInterestAndIncomeLossFromEquityMethodInvestments "
    "ifrs-full:ProfitLossBeforeTax"
)
RESTRICTED = "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents"

INCOME = (
    # A bank that tells no total: what is left of its interest, and its fees.
    _line("revenue", Kind.FLOW, REVENUE, sums=("InterestIncomeExpenseNet NoninterestIncome",)),
    _line(
        "cost_of_revenue",
        Kind.FLOW,
        "CostOfRevenue CostOfGoodsAndServicesSold CostOfGoodsSold CostOfServices ifrs-full:CostOfSales",
        industrial=True,
    ),
    _line("gross_profit", Kind.FLOW, "GrossProfit ifrs-full:GrossProfit", industrial=True),
    _line(
        "research",
        Kind.FLOW,
        "ResearchAndDevelopmentExpense ResearchAndDevelopmentExpenseExcludingAcquiredInProcessCost "
        "ifrs-full:ResearchAndDevelopmentExpense",
        core=False,
        industrial=True,
    ),
    _line(
        "selling_general",
        Kind.FLOW,
        "SellingGeneralAndAdministrativeExpense ifrs-full:SellingGeneralAndAdministrativeExpense",
        sums=("SellingAndMarketingExpense GeneralAndAdministrativeExpense",),
        industrial=True,
    ),
    _line(
        "operating_income",
        Kind.FLOW,
        "OperatingIncomeLoss ifrs-full:ProfitLossFromOperatingActivities",
        industrial=True,
    ),
    _line(
        "interest_expense",
        Kind.FLOW,
        "InterestExpense InterestExpenseNonoperating InterestExpenseDebt InterestAndDebtExpense "
        "ifrs-full:InterestExpense ifrs-full:FinanceCosts",
        core=False,
        industrial=True,
    ),
    _line("pretax_income", Kind.FLOW, PRETAX),
    _line(
        "income_tax",
        Kind.FLOW,
        "IncomeTaxExpenseBenefit ifrs-full:IncomeTaxExpenseContinuingOperations",
    ),
    _line(
        "others_income", Kind.FLOW, "NetIncomeLossAttributableToNoncontrollingInterest", core=False
    ),
    _line("associates_income", Kind.FLOW, "IncomeLossFromEquityMethodInvestments", core=False),
    _line(
        "discontinued_income",
        Kind.FLOW,
        "IncomeLossFromDiscontinuedOperationsNetOfTax "
        "IncomeLossFromDiscontinuedOperationsNetOfTaxAttributableToReportingEntity",
        core=False,
    ),
    _line(
        "net_income",
        Kind.FLOW,
        "NetIncomeLoss ProfitLoss NetIncomeLossAvailableToCommonStockholdersBasic "
        "ifrs-full:ProfitLossAttributableToOwnersOfParent ifrs-full:ProfitLoss caller:net_income",
    ),
    _line(
        "eps_basic",
        Kind.EACH,
        "EarningsPerShareBasic EarningsPerShareBasicAndDiluted ifrs-full:BasicEarningsLossPerShare",
    ),
    _line(
        "eps_diluted",
        Kind.EACH,
        "EarningsPerShareDiluted EarningsPerShareBasicAndDiluted ifrs-full:DilutedEarningsLossPerShare",
    ),
    _line(
        "shares_basic",
        Kind.SHARES,
        "WeightedAverageNumberOfSharesOutstandingBasic WeightedAverageNumberOfShareOutstandingBasicAndDiluted "
        "ifrs-full:WeightedAverageShares",
    ),
    _line(
        "shares_diluted",
        Kind.SHARES,
        "WeightedAverageNumberOfDilutedSharesOutstanding WeightedAverageNumberOfShareOutstandingBasicAndDiluted "
        "ifrs-full:AdjustedWeightedAverageShares",
    ),
)

CASH_FLOW = (
    _line(
        "depreciation",
        Kind.FLOW,
        "DepreciationDepletionAndAmortization DepreciationAmortizationAndAccretionNet DepreciationAndAmortization "
        "ifrs-full:DepreciationAndAmortisationExpense",
        sums=(
            "OtherDepreciationAndAmortization AmortizationOfIntangibleAssets",
            "Depreciation AmortizationOfIntangibleAssets",
        ),
        industrial=True,
    ),
    _line(
        "stock_pay",
        Kind.FLOW,
        "ShareBasedCompensation AllocatedShareBasedCompensationExpense",
        core=False,
    ),
    _line(
        "operating_cash",
        Kind.FLOW,
        "NetCashProvidedByUsedInOperatingActivities NetCashProvidedByUsedInOperatingActivitiesContinuingOperations "
        "ifrs-full:CashFlowsFromUsedInOperatingActivities",
    ),
    _line(
        "investing_cash",
        Kind.FLOW,
        "NetCashProvidedByUsedInInvestingActivities NetCashProvidedByUsedInInvestingActivitiesContinuingOperations "
        "ifrs-full:CashFlowsFromUsedInInvestingActivities",
    ),
    _line(
        "financing_cash",
        Kind.FLOW,
        "NetCashProvidedByUsedInFinancingActivities NetCashProvidedByUsedInFinancingActivitiesContinuingOperations "
        "ifrs-full:CashFlowsFromUsedInFinancingActivities",
    ),
    _line(
        "exchange_cash",
        Kind.FLOW,
        f"EffectOfExchangeRateOn{RESTRICTED} EffectOfExchangeRateOnCashAndCashEquivalents "
        f"EffectOfExchangeRateOn{RESTRICTED}IncludingDisposalGroupAndDiscontinuedOperations "
        "ifrs-full:EffectOfExchangeRateChangesOnCashAndCashEquivalents",
        core=False,
    ),
    _line(
        "discontinued_cash",
        Kind.FLOW,
        "NetCashProvidedByUsedInDiscontinuedOperations",
        core=False,
    ),
    _line(
        "cash_change",
        Kind.FLOW,
        f"{RESTRICTED}PeriodIncreaseDecreaseIncludingExchangeRateEffect "
        f"{RESTRICTED}PeriodIncreaseDecreaseExcludingExchangeRateEffect "
        "CashAndCashEquivalentsPeriodIncreaseDecrease "
        "CashAndCashEquivalentsPeriodIncreaseDecreaseExcludingExchangeRateEffect "
        "ifrs-full:IncreaseDecreaseInCashAndCashEquivalents",
    ),
    _line(
        "capital_spending",
        Kind.FLOW,
        "PaymentsToAcquirePropertyPlantAndEquipment PaymentsToAcquireProductiveAssets "
        "PaymentsForCapitalImprovements "
        "ifrs-full:PurchaseOfPropertyPlantAndEquipmentClassifiedAsInvestingActivities",
        industrial=True,
    ),
    _line("dividends", Kind.FLOW, "PaymentsOfDividends PaymentsOfDividendsCommonStock", core=False),
    _line("buybacks", Kind.FLOW, "PaymentsForRepurchaseOfCommonStock", core=False),
)

BALANCE = (
    _line("assets", Kind.BALANCE, "Assets ifrs-full:Assets caller:total_assets"),
    _line("current_assets", Kind.BALANCE, "AssetsCurrent ifrs-full:CurrentAssets", industrial=True),
    _line(
        "cash",
        Kind.BALANCE,
        f"CashAndCashEquivalentsAtCarryingValue CashAndDueFromBanks Cash {RESTRICTED} "
        "ifrs-full:CashAndCashEquivalents",
    ),
    _line(
        "all_cash",  # with restricted cash: what the cash-flow statement explains since 2018 (ASU 2016-18)
        Kind.BALANCE,
        f"{RESTRICTED} CashAndCashEquivalentsAtCarryingValue ifrs-full:CashAndCashEquivalents",
    ),
    _line(
        "short_investments",
        Kind.BALANCE,
        "MarketableSecuritiesCurrent ShortTermInvestments AvailableForSaleSecuritiesDebtSecuritiesCurrent "
        "AvailableForSaleSecuritiesCurrent DebtSecuritiesCurrent",
        core=False,
        industrial=True,
    ),
    _line(
        "receivables",
        Kind.BALANCE,
        "AccountsReceivableNetCurrent ReceivablesNetCurrent ifrs-full:TradeAndOtherCurrentReceivables",
        industrial=True,
    ),
    _line(
        "inventory",
        Kind.BALANCE,
        "InventoryNet InventoryGross ifrs-full:Inventories",
        core=False,
        industrial=True,
    ),
    _line(
        "property",
        Kind.BALANCE,
        "PropertyPlantAndEquipmentNet "
        "PropertyPlantAndEquipmentAndFinanceLeaseRightOfUseAssetAfterAccumulatedDepreciationAndAmortization "
        "ifrs-full:PropertyPlantAndEquipment",
    ),
    _line("goodwill", Kind.BALANCE, "Goodwill ifrs-full:Goodwill", core=False),
    _line(
        "liabilities", Kind.BALANCE, "Liabilities ifrs-full:Liabilities caller:total_liabilities"
    ),
    _line(
        "current_liabilities",
        Kind.BALANCE,
        "LiabilitiesCurrent ifrs-full:CurrentLiabilities",
        industrial=True,
    ),
    _line(
        "payables",
        Kind.BALANCE,
        "AccountsPayableCurrent AccountsPayableTradeCurrent AccountsPayableAndAccruedLiabilitiesCurrent "
        "ifrs-full:TradeAndOtherCurrentPayables",
        industrial=True,
    ),
    _line(
        "current_debt",
        Kind.BALANCE,
        "DebtCurrent",
        sums=(
            "LongTermDebtCurrent CommercialPaper",
            "LongTermDebtCurrent ShortTermBorrowings",
            "LongTermDebtCurrent",
            "ShortTermBorrowings",
            "ConvertibleDebtCurrent",
        ),
        core=False,
        industrial=True,
    ),
    _line(
        "long_debt",
        Kind.BALANCE,
        "LongTermDebtNoncurrent LongTermDebtAndCapitalLeaseObligations ConvertibleDebtNoncurrent "
        "ConvertibleLongTermNotesPayable LongTermNotesPayable SeniorLongTermNotes LongTermDebt "
        "ifrs-full:NoncurrentPortionOfNoncurrentBorrowings",
        core=False,
        industrial=True,
    ),
    _line(
        "equity",
        Kind.BALANCE,
        "StockholdersEquity ifrs-full:EquityAttributableToOwnersOfParent ifrs-full:Equity "
        "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest",
    ),
    _line(
        "all_equity",  # with the share of others: what A = L + E means
        Kind.BALANCE,
        "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest ifrs-full:Equity "
        "StockholdersEquity",
        sums=("StockholdersEquity MinorityInterest",),
    ),
    _line("others_equity", Kind.BALANCE, "MinorityInterest", core=False),
    _line(
        "between_equity",  # neither liability nor equity
        Kind.BALANCE,
        "TemporaryEquityCarryingAmountAttributableToParent TemporaryEquityValueExcludingAdditionalPaidInCapital "
        "TemporaryEquityCarryingAmountIncludingPortion"
        "AttributableToNoncontrollingInterests RedeemableNoncontrollingInterestEquityCarryingAmount",
        core=False,
    ),
    _line(
        "retained_earnings",
        Kind.BALANCE,
        "RetainedEarningsAccumulatedDeficit RetainedEarningsAccumulatedDeficitAndAccumulatedOther"
        "ComprehensiveIncomeLossNetOfTax ifrs-full:RetainedEarnings",
    ),
    _line(
        "liabilities_and_equity",
        Kind.BALANCE,
        "LiabilitiesAndStockholdersEquity ifrs-full:EquityAndLiabilities",
    ),
    _line(
        "shares_outstanding",
        Kind.COUNT,
        "CommonStockSharesOutstanding dei:EntityCommonStockSharesOutstanding",
        core=False,
    ),
)

LINES = (*INCOME, *CASH_FLOW, *BALANCE)
BY_NAME = {line.name: line for line in LINES}
CORE = tuple(line for line in LINES if line.core)
# What a bundle has to hold: freeze keeps these tags only, so that a trace stays small.
TAGS = frozenset(tag for line in LINES for tag in line.all_tags)

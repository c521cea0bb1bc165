"""What the invented companies say in their annual reports, and what invented papers say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Factor = tuple[str, Sequence[str]]  # a sub-caption, and the paragraphs under it
Group = tuple[str, Sequence[Factor]]

LEAD: Mapping[str, str] = {
    "XTAM": (
        "Tamarugo Instruments, Inc. is an invented company. It makes balances, titrators and moisture "
        "analysers for laboratories, and sells them with service contracts."
    ),
    "XPUN": (
        "Puna Savings Bancorp is an invented company. Its only subsidiary is a bank with 71 branches that "
        "takes deposits from households and lends to them and to small firms."
    ),
}

_SUPPLIER: Factor = (
    "We buy the load cells of most of our balances from a single supplier.",
    (
        (
            "Load cells for about seven in ten balances come from one firm. If it delivered late or not at all, "
            "it would take us nine to twelve months to qualify another, and we could not ship in the meantime."
        ),
        "We hold a stock of four months. It would not last through a qualification.",
    ),
)
_LABS: Factor = (
    "Laboratories put off purchases when their budgets are cut.",
    (
        (
            "Most of our instruments are replacements that a laboratory can postpone. When public research money "
            "was frozen in fiscal 2023, our revenue fell, and a new freeze would have the same effect."
        ),
    ),
)
_RIVALS: Factor = (
    "Larger competitors can sell at prices that we cannot match.",
    (
        (
            "Three competitors have more than ten times our revenue. They bundle instruments with software and "
            "may give a balance away to win a service contract."
        ),
    ),
)
_CYBER: Factor = (
    "A breach of our information systems, or of an instrument that is connected to a network, could harm us and our customers.",
    (
        (
            "Our newer instruments send their readings over a network. Whoever broke into one could change a reading "
            "or reach the customer's other systems, and we could be held liable."
        ),
    ),
)
_RATES: Factor = (
    "Our debt carries a floating interest rate.",
    (
        (
            "An increase of one percentage point would raise our yearly interest expense by about 2.4 million "
            "dollars. We have not hedged it."
        ),
    ),
)
_TARIFF: Factor = (
    "Tariffs and changes of exchange rates affect what our instruments cost abroad.",
    (
        (
            "More than half of our revenue comes from outside the United States, while most of our costs are in "
            "dollars. A stronger dollar makes us dearer than local makers."
        ),
    ),
)
_PATENT: Factor = (
    "We may be unable to protect our designs, or may be said to infringe those of others.",
    (
        "The patents on our titration cells end between 2027 and 2031. A court could also find them invalid.",
    ),
)
_RULES: Factor = (
    "A change in how laboratories are regulated could make our instruments obsolete.",
    (
        (
            "Pharmacies and food laboratories buy what their regulators accept. If weighing by hand were replaced by "
            "another method in the official compendia, demand for balances would decline."
        ),
    ),
)
_PEOPLE: Factor = (
    "We depend on a small number of engineers.",
    (
        "Eleven people know how our measuring cells are calibrated. Several of them are close to retirement.",
    ),
)
_GOODWILL: Factor = (
    "We may have to write down goodwill.",
    (
        (
            "Goodwill is about a seventh of our assets. If the service business that it came from does worse than we "
            "planned, we would have to record an impairment."
        ),
    ),
)
_PLANT: Factor = (
    "Most of our instruments are assembled in one building that stands near a river.",
    (
        "A flood in 2019 stopped assembly for eleven days. Our insurance has a limit below the cost of a longer stop.",
    ),
)
_PRICE: Factor = (
    "The price of our stock may fluctuate, and you could lose all or part of your investment.",
    ("Few of our shares are traded on most days, so single orders move the price.",),
)
_AI: Factor = (
    "Competitors may use artificial intelligence to build instruments that need no trained user.",
    (
        (
            "We have only begun to work on this. If customers come to expect it, our products may look dated before "
            "we have an answer."
        ),
    ),
)
_SERVICE: Factor = (
    "A growing part of our revenue comes from service contracts that customers may cancel each year.",
    (
        "Service was 31% of revenue in fiscal 2025. Most contracts can be ended with a notice of sixty days.",
    ),
)

_LOANS: Factor = (
    "Borrowers may not repay their loans, and our allowance may be too small.",
    (
        (
            "Loans are three quarters of our assets. The allowance rests on a model of past losses; in a downturn that "
            "is worse than those it knows, losses would be higher than we have set aside for."
        ),
    ),
)
_DEPOSITS: Factor = (
    "Depositors may withdraw money faster than we can sell assets.",
    (
        (
            "About 34% of our deposits are above the insured limit. Such deposits can leave within hours, and selling "
            "securities to pay for them could turn an unrealised loss into a real one."
        ),
    ),
)
_MARGIN: Factor = (
    "Changes in interest rates reduce the difference between what we earn and what we pay.",
    (
        (
            "Our loans reprice more slowly than our deposits. In the last rise of rates our net interest margin "
            "narrowed, and it may do so again."
        ),
    ),
)
_PROPERTY: Factor = (
    "A fall in commercial property prices would hit the collateral of many of our loans.",
    ("Loans secured by offices and shops were 27% of all loans at year end.",),
)
_LOCAL: Factor = (
    "All our branches are in one region.",
    (
        "A drought, a closed mine or a move of one large employer would reach most of our borrowers at once.",
    ),
)
_CAPITAL: Factor = (
    "We must hold capital and liquidity as our regulators require, and they may require more.",
    ("A higher requirement would restrict what we may lend and whether we may pay a dividend.",),
)
_LAW: Factor = (
    "Failing to comply with laws against money laundering could cost us fines and business.",
    (
        "Our systems check two million payments a month. Regulators have fined other banks for what such systems missed.",
    ),
)
_BANK_CYBER: Factor = (
    "Cyber attacks on us or on the firms that run our systems could stop our business.",
    (
        "Our core system is run by one outside firm. We could not take deposits or make payments without it.",
    ),
)
_FINTECH: Factor = (
    "Customers may prefer banks without branches.",
    (
        "Firms that exist only as an app pay more for deposits, because they have no buildings to pay for.",
    ),
)
_HOLDING: Factor = (
    "We are a holding company and depend on dividends of the bank.",
    ("If the bank may not pay us, we cannot pay our own debt or a dividend to you.",),
)
_FRAUD: Factor = (
    "Fraud with payments is growing, and we may have to bear the loss.",
    ("Losses from fraud rose by 41% in 2025. Some of the cases were voices imitated by software.",),
)

ITEM_1A: Mapping[str, Mapping[int, Sequence[Group]]] = {
    "XTAM": {
        2024: (
            ("Risks of our business", (_SUPPLIER, _LABS, _RIVALS, _CYBER, _PLANT, _PEOPLE)),
            ("Risks of law and money", (_RATES, _TARIFF, _PATENT, _RULES, _GOODWILL)),
            ("General risks", (_PRICE,)),
        ),
        2025: (
            ("Risks of our business", (_SUPPLIER, _LABS, _RIVALS, _AI, _CYBER, _SERVICE, _PEOPLE)),
            ("Risks of law and money", (_RATES, _TARIFF, _PATENT, _RULES, _GOODWILL)),
            ("General risks", (_PRICE,)),
        ),
    },
    "XPUN": {
        2024: (
            ("Credit, interest and liquidity", (_LOANS, _DEPOSITS, _MARGIN, _PROPERTY)),
            ("Business and operations", (_LOCAL, _BANK_CYBER, _FINTECH)),
            ("Regulation and our shares", (_CAPITAL, _LAW, _HOLDING)),
        ),
        2025: (
            ("Credit, interest and liquidity", (_LOANS, _DEPOSITS, _MARGIN, _PROPERTY)),
            ("Business and operations", (_LOCAL, _BANK_CYBER, _FRAUD, _FINTECH)),
            ("Regulation and our shares", (_CAPITAL, _LAW, _HOLDING)),
        ),
    },
}

# published (UTC), source, relevance to the company, title, summary
NEWS: Mapping[str, Sequence[tuple[str, str, float, str, str]]] = {
    "XTAM": (
        ("20260127T120500", "The Invented Wire", 0.95, "Tamarugo Instruments beats estimates as service contracts grow",
         "Revenue of the quarter rose 8% and the operating margin improved. The company raised its outlook for the year."),
        ("20260127T131000", "Daily Bench", 0.9, "Tamarugo Instruments beats estimates as service contracts grow",
         "Revenue of the quarter rose 8% and the operating margin improved."),
        ("20260205T091500", "Daily Bench", 0.6, "Laboratory makers face a weaker dollar and dearer steel",
         "Tamarugo and its rivals expect higher costs. Analysts see only a small effect on margins."),
        ("20260212T160000", "The Invented Wire", 0.85, "Tamarugo recalls a batch of titrators over faulty valves",
         "About 900 instruments may leak. The company apologised and set aside 2 million dollars for repairs."),
        ("20260224T080000", "Invented Ledger", 0.8, "Tamarugo wins a contract with a group of food laboratories",
         "The five-year agreement covers 1,400 moisture analysers and their service."),
        ("20260303T103000", "Invented Ledger", 0.35, "Universities plan to buy fewer instruments next year",
         "A survey of purchasing departments shows delayed orders. Balances are named most often."),
        ("20260311T142000", "The Invented Wire", 0.9, "Tamarugo names a new head of engineering",
         "She led the calibration group for nine years."),
        ("20260319T110000", "Daily Bench", 0.7, "Tamarugo's dividend rises for the eighth year",
         "The board approved an increase of 9%. Strong cash flow made it possible, the company said."),
        ("20260326T150000", "Invented Ledger", 0.75, "Rival cuts prices of entry-level balances by a fifth",
         "The move puts pressure on Tamarugo, which gained share in the segment last year."),
    ),
    "XPUN": (
        ("20260122T113000", "The Invented Wire", 0.95, "Puna Savings misses estimates as deposit costs climb",
         "Net interest income fell short of expectations. Management warned that the pressure will last until summer."),
        ("20260130T090000", "Invented Ledger", 0.7, "Commercial landlords in the Puna region fall behind on loans",
         "Late payments doubled within a year. Puna Savings holds a quarter of the region's property loans."),
        ("20260210T144500", "Daily Bench", 0.8, "Puna Savings opens its first branch without counters",
         "The bank wants to halve the cost of a branch."),
        ("20260220T101500", "The Invented Wire", 0.9, "Regulator ends its review of Puna Savings without findings",
         "The review of payment controls began last year. The shares rose."),
        ("20260302T131500", "Invented Ledger", 0.65, "Fraud with imitated voices costs banks more",
         "Puna Savings reported losses of 3 million dollars, a record."),
        ("20260318T093000", "Daily Bench", 0.85, "Puna Savings sets aside more for bad loans",
         "The provision doubled from the year before. Analysts cut their forecasts."),
    ),
}  # fmt: skip

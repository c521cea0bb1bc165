"""Fit the outlook's packaged model again: `python -m bars._trend_fit` writes `apps/finance/trend/fitted.json`.

Fitted to what lies before both tests of `trend`: the stocks of `stocknet-prices` with more than 300 days before
2015-03-04, and the S&P 500 and the NASDAQ of the package `arch` before 2009. A test holds the committed file to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from arch.data import nasdaq, sp500

import arriero.apps.finance.trend as package
from arriero.apps.finance.trend.files import read_prices
from arriero.apps.finance.trend.fitting import fit
from arriero.apps.finance.trend.model import Fitted, to_json
from arriero.apps.finance.trend.prices import Prices, read
from bars._data import data
from bars.trend import INDICES, STOCKS, index

LEAST_DAYS = 300  # before the split; of a stock with fewer hardly a row would be left


def main() -> None:
    file = Path(package.__path__[0]) / "fitted.json"
    file.write_text(to_json(fitted(data())), encoding="utf-8")


def fitted(folder: Path) -> Fitted:
    """The packaged model, fitted anew to the public data sets in `folder`."""
    stocks = read_prices(folder / "stocknet-prices" / "price_raw.tar.gz").values()
    known = [each for each in stocks if sum(day < STOCKS for day in each.days) > LEAST_DAYS]
    return fit([*known, *_indices()], STOCKS)


def _indices() -> Iterator[Prices]:
    for table in (sp500.load(), nasdaq.load()):
        yield before(index(table), INDICES)


def before(prices: Prices, day: date) -> Prices:
    """Only what was known before `day`."""
    count = sum(one < day for one in prices.days)
    return read(prices.days[:count], prices.closes[:count].tolist())


if __name__ == "__main__":
    main()

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from arriero.apps.finance.trend.files import read_prices
from arriero.core.errors import InputError

TEXT = "Date,Open,Close,Adj Close,Volume\n2024-01-02,9,10,5,100\n2024-01-03,9,null,null,0\n2024-01-04,9,12,6,300\n"


def test_a_file_gives_adjusted_closes_and_leaves_rows_without_a_price_out(tmp_path: Path) -> None:
    (tmp_path / "ABC.csv").write_text(TEXT)
    prices = read_prices(tmp_path / "ABC.csv")["ABC"]
    assert prices.closes.tolist() == [5.0, 6.0]
    assert prices.volumes is not None
    assert prices.volumes.tolist() == [100.0, 300.0]


def test_newest_first_is_turned_round(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text("timestamp,close\n2024-01-04,12\n2024-01-02,10\n")
    assert read_prices(tmp_path)["A"].closes.tolist() == [10.0, 12.0]


def test_an_archive_and_a_folder_give_a_stock_a_file(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "prices.tar.gz", "w:gz") as archive:
        for name in ("raw/B.csv", "raw/A.csv", "raw/notes.txt"):
            member = tarfile.TarInfo(name)
            member.size = len(TEXT)
            archive.addfile(member, io.BytesIO(TEXT.encode()))
    assert list(read_prices(tmp_path)) == ["A", "B"]
    assert list(read_prices(tmp_path / "prices.tar.gz")) == ["A", "B"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("day,price\n2024-01-02,3\n", "no column adj close"),
        ("date,close\n02.01.2024,3\n", "line 2: '02.01.2024' is no date"),
        ("date,close\n2024-01-02,3\n2024-01-02,3\n", "bad: 2024-01-02 stands after"),
        (f"date,close\n2024-01-02,{'3' * 200_000}\n", "bad, line 2: field larger"),
    ],
)
def test_a_file_that_cannot_be_used_says_so(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_prices(tmp_path)


def test_a_folder_without_prices_and_a_missing_file_say_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no CSV file"):
        read_prices(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_prices(tmp_path / "none.csv")


def test_the_public_archive_of_88_stocks_is_read_whole(data_folder: Path) -> None:
    prices = read_prices(data_folder / "stocknet-prices")
    assert len(prices) == 88
    assert sum(len(one.closes) for one in prices.values()) == 108_589
    assert all(one.volumes is not None for one in prices.values())

from __future__ import annotations

import gzip
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
        ("date;close\n2024-01-02;3,5\n", "save it with commas, numbers as 1234.5"),
        ("date,close\n02.01.2024,3\n", "line 2: '02.01.2024' is no date"),
        ("date,close\n2024-01-02,3\n2024-01-02,3\n", "bad: 2024-01-02 stands after"),
        (
            'date,close\n2024-01-02,999.5\n2024-01-03,"1,002.5"\n',
            "bad, line 3: '1,002.5' is no number",
        ),
        ("date,close\n2024-01-02,1,002.5\n", "bad, line 2: has more fields than the header"),
        ('date,close,volume\n2024-01-02,3,"1,000"\n', "bad, line 2: '1,000' is no number"),
        (f"date,close\n2024-01-02,{'3' * 200_000}\n", "bad, line 2: field larger"),
    ],
)
def test_a_file_that_cannot_be_used_says_so(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_prices(tmp_path)


def test_two_files_of_one_name_are_not_one_stock(tmp_path: Path) -> None:
    for year, name in (("2023", "A.csv"), ("2024", "A.CSV")):
        (tmp_path / year).mkdir()
        (tmp_path / year / name).write_text(f"date,close\n{year}-01-02,3\n{year}-01-03,4\n")
    assert list(read_prices(tmp_path / "2024")) == ["A"]
    with pytest.raises(InputError, match="has two files called A"):
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


@pytest.mark.parametrize("damage", ["cut off", "no block"])
def test_a_damaged_archive_is_one_sentence(tmp_path: Path, damage: str) -> None:
    text = "date,close\n" + "".join(f"2024-01-02,{at * at}\n" for at in range(2_000))
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        member = tarfile.TarInfo("A.csv")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    whole = gzip.compress(plain.getvalue())
    # The first byte after the head of ten: 7 is a kind of block that there is not.
    broken = whole[:200] if damage == "cut off" else whole[:10] + b"\x07" + whole[11:]
    (tmp_path / "prices.tar.gz").write_bytes(broken)
    with pytest.raises(InputError, match="cannot be read"):
        read_prices(tmp_path / "prices.tar.gz")

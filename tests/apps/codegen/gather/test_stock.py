"""A repository as snippets and fingerprints, read file by file."""

from __future__ import annotations

from arriero.apps.codegen.gather.barred import Barred
from arriero.apps.codegen.gather.repository import Repository
from arriero.apps.codegen.gather.snippet import Origin
from arriero.apps.codegen.gather.stock import Stock, blob_of, masked

ORDERS = (
    'def order_total(lines):\n    """The sum of all lines with tax."""\n    return sum(lines)\n'
)
LONG = "def many():\n" + "".join(f"    value_{n} = first_{n} + {n} * second\n" for n in range(30))


def test_a_definition_is_a_snippet_with_its_place_and_licence() -> None:
    files = {"shop/orders.py": ORDERS, "LICENSE": "Apache License Version 2.0"}
    (one,) = Stock().of(Repository(files=files)).snippets
    assert (one.id, one.origin) == ("shop/orders.py:1:order_total", Origin.REPOSITORY)
    assert one.asks == ("orders order total. The sum of all lines with tax.",)
    assert (one.file, one.line, one.licence) == ("shop/orders.py", 1, "Apache-2.0")


def test_only_what_changed_is_read_again() -> None:
    stock = Stock()
    files = {"a.py": ORDERS, "b.py": LONG}
    first = stock.of(Repository(files=files))
    assert stock.parsed == 2
    second = stock.of(Repository(files={**files, "b.py": LONG + "\nx = 1\n"}))
    assert stock.parsed == 3
    assert first.version != second.version
    assert stock.of(Repository(files={"moved.py": ORDERS})).snippets[0].file == "moved.py"
    assert stock.parsed == 3


def test_a_blob_has_the_name_that_git_gives_it() -> None:
    assert blob_of("hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_code_that_was_copied_from_it_is_recognised_with_its_licence() -> None:
    stocked = Stock().of(Repository(files={"b.py": f"# SPDX-License-Identifier: MIT\n{LONG}"}))
    (found,) = stocked.known.copied(LONG)
    assert "b.py (licence MIT)" in found.message


def test_secrets_are_masked_before_anything_keeps_them() -> None:
    code = 'def call():\n    password = "hunter2hunter2"\n    apiKey = "plainletters"\n    return "AKIA" + "x"\n'
    (one,) = Stock().of(Repository(files={"a.py": code})).snippets
    assert "hunter2" not in one.code
    assert "plainletters" not in one.code
    assert one.code.count("<SECRET>") == 2
    assert masked(ORDERS) == ORDERS


def test_what_cannot_be_parsed_is_named_with_its_reason() -> None:
    stocked = Stock().of(Repository(files={"a.py": "def f(:\n", "b.py": ORDERS}))
    assert stocked.left == ("1 file was not read, it does not parse: a.py",)
    assert len(stocked.snippets) == 1


def test_a_piece_that_matches_a_barred_text_is_left_out() -> None:
    barred = Barred.of(["the sum of all lines with tax return sum lines"])
    stocked = Stock(barred).of(Repository(files={"a.py": ORDERS}))
    assert stocked.snippets == ()
    assert "1 pieces match" in stocked.left[0]

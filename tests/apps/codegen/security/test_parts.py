"""The parts of the scan: regular expressions that explode, fragments, tables, SARIF."""

from __future__ import annotations

import re

import pytest

from arriero.apps.codegen.security import linters
from arriero.apps.codegen.security.findings import Severity, Span, Weakness, merged
from arriero.apps.codegen.security.fragment import readable
from arriero.apps.codegen.security.regexes import explodes
from arriero.apps.codegen.security.rules import rules
from arriero.apps.codegen.security.sarif import sarif
from arriero.apps.codegen.security.scan import scan
from arriero.apps.codegen.security.tables import cleaned_by_call, hides_secrets, source_of, table
from arriero.core.errors import InputError


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(\w*)*b",
        r"(a|aa)*$",
        r"(a{1,5})+b",
        r"([a-z]+\s?)+:",
        r"(.*,)+x",
        r"(\s*\w+\s*)*=",
    ],
)
def test_a_repeat_that_splits_in_many_ways_explodes(pattern: str) -> None:
    assert explodes(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\d+\.)+\d",
        r"([a-z]+,)*",
        r"\w+@\w+",
        r"(ab)+",
        r"^(a|b)*$",
        r"(a{5})+b",
        r"(ab?)*$",
        "(",
        r"\s+$",
    ],
)
def test_a_repeat_with_one_way_does_not(pattern: str) -> None:
    assert not explodes(pattern)


@pytest.mark.parametrize(
    "code",
    [
        "    x = eval(y)\n  }\n",
        "if a:\n    b()\nelse:\n",
        "print 'x'\nx = eval(y)\n",
        "def f(\n    x = eval(y)\n",
    ],
)
def test_a_fragment_keeps_its_lines_and_loses_what_does_not_parse(code: str) -> None:
    text = readable(code)
    assert text is not None
    assert text.count("\n") == code.count("\n")


def test_prose_is_no_fragment() -> None:
    assert readable("\n".join(["This is a sentence, and no code at all."] * 60)) is None


def test_every_rule_is_complete_and_named_once() -> None:
    found = rules()
    assert len({rule.id for rule in found}) == len(found)
    for rule in found:
        assert 0 < rule.cwe < 1500
        assert rule.message
        assert rule.safe
        assert not rule.message.endswith(".")


def test_every_linter_test_has_a_number_and_a_remedy() -> None:
    for test, row in table("linters").items():
        assert re.fullmatch(r"B\d{3}", test)
        assert row["safe"]
        Severity(row["severity"])


def test_tables_know_sources_and_cleaners_by_their_dotted_names() -> None:
    assert source_of("flask.request.args.get()") == "request"
    assert source_of("flask.request.args.get().replace()") == ""
    assert source_of("sys.argv[]") == "argv"
    assert "shell" in cleaned_by_call("shlex.quote")
    assert cleaned_by_call("print") == frozenset()
    assert hides_secrets("bcrypt.hashpw")
    assert not hides_secrets("str")


def test_one_weakness_a_line_and_number_is_kept_ours_first() -> None:
    ours = Weakness(78, Severity.HIGH, Span(1, 1, 1, 2), "m", "s", "r")
    theirs = Weakness(78, Severity.HIGH, Span(1, 4, 1, 5), "m", "s", "B602", "bandit")
    worse = Weakness(22, Severity.MEDIUM, Span(1, 1, 1, 2), "m", "s", "r")
    assert merged([worse, theirs, ours]) == (ours, worse)


def test_sarif_has_a_rule_and_a_place_for_each_result() -> None:
    log = sarif(scan("eval(x)\n", heard=False), "a/b.py")
    (run,) = log["runs"]
    (result,) = run["results"]
    assert log["version"] == "2.1.0"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "eval"
    assert result["level"] == "error"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a/b.py"
    assert place["region"] == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 8}


def test_columns_count_characters_and_the_path_is_an_address() -> None:
    code = (
        "x = '\N{GRINNING FACE}\N{LATIN SMALL LETTER E WITH ACUTE}'; eval(z)\r\ny = '\f'; eval(z)\n"
    )
    (run,) = sarif(scan(code, heard=False), "a b/gr\N{LATIN SMALL LETTER O WITH DIAERESIS}.py")[
        "runs"
    ]
    places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert [(one["region"]["startColumn"], one["region"]["endColumn"]) for one in places] == [
        (11, 18),
        (10, 17),
    ]
    assert {one["artifactLocation"]["uri"] for one in places} == {"a%20b/gr%C3%B6.py"}


def test_a_linter_counts_characters_too() -> None:
    found = linters.bandit("x = '\N{GRINNING FACE}'; eval(z)\n")
    assert found is not None
    (heard,) = found
    assert (heard.span.column, heard.span.end_column) == (10, 17)


def test_a_null_byte_has_no_line() -> None:
    with pytest.raises(InputError, match="null bytes; correct"):
        scan("x = 1\0\n")

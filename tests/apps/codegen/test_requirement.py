"""What is read out of a requirement by rules."""

from __future__ import annotations

from time import process_time

import pytest

from arriero.apps.codegen.app import LANGUAGES
from arriero.apps.codegen.requirement import Complexity, Kind, Requirement
from arriero.apps.codegen.requirement_examples import examples_in
from arriero.apps.codegen.requirement_guard import harm_in, without_secrets
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.requirement_tests import given_tests
from arriero.apps.codegen.requirement_words import forbidden_in, language_of
from arriero.apps.codegen.wanted import Wanted
from arriero.core.errors import InputError


def understood(text: str, **more: object) -> Requirement:
    wanted = Wanted.model_validate({"requirement": text, **more})
    return read(wanted, languages=LANGUAGES, longest=8_000)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (">>> f(1)\n2\n", "assert f(1) == 2"),
        (">>> f('a')\n'b'\n>>> f('c')\n'd'", "assert f('a') == 'b'"),
        ("    >>> f([1,\n    ...    2])\n    [2]", "assert f([1, 2]) == [2]"),
        (">>> f(4)\n0.5", "assert abs(f(4) - 0.5) < 1e-06"),
        ("For example f(1) == 2.", "assert f(1) == 2"),
        ("f(1, [2, 3]) -> [5]", "assert f(1, [2, 3]) == [5]"),
        ("f('a) b') => 'x'", "assert f('a) b') == 'x'"),
        ("f(3) ==> True", "assert f(3) == True"),
        ("`f(3)` returns `None`", "assert f(3) == None"),
        ("f(3) should return {'a': 1}", "assert f(3) == {'a': 1}"),
        ("f(3) ➞ true", "assert f(3) == True"),
        ("f(3) => nil", "assert f(3) == None"),
        ("assert f(1) == 2", "assert f(1) == 2"),
        ("assert f([1,\n  2]) == [\n  3]", "assert f([1, 2]) == [3]"),
        ("assert not f('')", "assert not f('')"),
    ],
)
def test_examples_become_asserts(text: str, code: str) -> None:
    assert examples_in(text)[0].code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Input: [1, 2]\nOutput: 3", "assert f([1, 2]) == 3"),
        ("Input: nums = [2, 7], target = 9\nOutput: [0, 1]", "assert f([2, 7], 9) == [0, 1]"),
        ("For n = 3 the result is 9.", "assert f(3) == 9"),
        ("| n | output |\n|---|---|\n| 4 | 16 |", "assert f(4) == 16"),
    ],
)
def test_examples_without_a_call_are_about_the_entry(text: str, code: str) -> None:
    assert [one.code for one in examples_in(text, "f")] == [code]


@pytest.mark.parametrize(
    "text",
    [
        "f(x) = 2",
        "f(n) == f(n - 1) + 1",
        "print(1) == 2",
        "def f(a=1) -> int",
        "f(1)",
        "f(1) = 2, 3",
    ],
)
def test_what_could_be_something_else_is_no_example(text: str) -> None:
    assert examples_in(text) == ()


def test_a_raised_error_is_an_example() -> None:
    (one,) = examples_in(">>> f(-1)\nTraceback (most recent call last):\nValueError: negative")
    assert one.raises == "ValueError"
    assert "except ValueError" in one.code


def test_statements_before_an_example_go_with_it() -> None:
    (one,) = examples_in(">>> s = Stack()\n>>> s.push(1)\n>>> top(s)\n1\n")
    assert one.code == "s = Stack()\ns.push(1)\nassert top(s) == 1"


def test_a_stub_is_the_entry_and_its_docstring_gives_the_examples() -> None:
    stub = 'from typing import List\n\n\ndef tops(values: List[int], k: int) -> List[int]:\n    """The k largest.\n\n    >>> tops([1, 3, 2], 2)\n    [3, 2]\n    """\n'
    found = understood(stub)
    assert (found.entry, found.stub.strip(), found.kind) == ("tops", stub.strip(), Kind.FUNCTION)
    assert [one.call for one in found.examples] == ["tops([1, 3, 2], 2)"]
    assert found.part is not None
    assert found.part.opening == "def tops(values: List[int], k: int) -> List[int]:"


def test_a_stub_between_fences_is_found() -> None:
    found = understood("Complete this:\n```python\ndef half(x):\n    '''Half of x.'''\n```\n")
    assert (found.entry, found.stub) == ("half", "def half(x):\n    '''Half of x.'''")


def test_asserts_name_the_entry() -> None:
    found = understood("Write a function to square a number.\nassert square(3) == 9")
    assert (found.entry, found.complexity) == ("square", Complexity.SIMPLE)
    assert found.architecture.order == ("square",)


def test_parts_are_placed_in_the_files_that_are_named_before_them() -> None:
    found = understood(
        "`store.py`: `save(item: str) -> int` stores it, `load(id: int) -> str` reads it.\n"
        "`main.py`: `run(items: list) -> list` saves all of them."
    )
    assert found.kind is Kind.PROJECT
    assert [(part.name, part.file) for part in found.architecture.parts] == [
        ("save", "store.py"), ("load", "store.py"), ("run", "main.py"),
    ]  # fmt: skip
    assert found.architecture.files == ("store.py", "main.py")


def test_a_list_of_signatures_under_the_names_of_files_is_a_project() -> None:
    found = understood(
        "Write two files.\n\nunits.py:\n- to_metres(feet): feet as metres.\n- round_to(value, step=1): nearest.\n\n"
        "tables.py (imports units):\n1. rows(values): one row a value.\n\nExamples:\nto_metres(0) == 0\n"
    )
    assert [(part.name, part.params, part.file) for part in found.architecture.parts] == [
        ("to_metres", "feet", "units.py"), ("round_to", "value, step=1", "units.py"),
        ("rows", "values", "tables.py"),
    ]  # fmt: skip


def test_a_description_ends_before_the_next_file_and_before_the_examples() -> None:
    found = understood(
        "Write two files.\nshapes.py:\n- area(width, height): the area of a rectangle.\nreport.py (imports shapes):\n"
        '- line(width, height): the text "area: N",\n  see shapes.py: it has the area.\nExamples:\nline(2, 3) == "area: 6"\n'
    )
    assert [part.task for part in found.architecture.parts] == [
        "area(width, height): the area of a rectangle.",
        'line(width, height): the text "area: N", see shapes.py: it has the area.',
    ]
    assert [one.code for one in found.examples] == ['assert line(2, 3) == "area: 6"']


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Write a function that adds.", "python"),
        ("Write it in JavaScript.", "javascript"),
        ("a TypeScript function", "typescript"),
        ("Write a Go program", "go"),
        ("Let the user go to the next page", "python"),
        ("Implement this in C++ please", "cpp"),
        ("in Rust", "rust"),
        ("```java\nclass A {}\n```", "java"),
        ("Write a COBOL program", "cobol"),
        ("Write a SQL query that returns the ten best customers", "sql"),
        ("SQL statement to delete old orders", "sql"),
        ("Write a function that runs a SQL query", "python"),
        ("Write a SQL query builder", "python"),
        ("Write a Python function. Write a SQL query for it too.", "python"),
        ("Write a TypeScript generic function `last(items)`.", "typescript"),
        ("Write a Kotlin data class", "kotlin"),
        ("write a function in go that adds", "go"),
        ("write it in rust", "rust"),
        ("a js function", "javascript"),
        ("Language: Go\nAdd two numbers.", "go"),
        ("Write shapes.js with a function area(w, h).", "javascript"),
        ("In `store.go`, write Save(item).", "go"),
        ("Write two files.\nstore.ts:\n- save(item)", "typescript"),
        ("Write a function that reads settings.js", "python"),
        ("Write a Python script wc.py.\n```bash\npython wc.py a.txt\n```", "python"),
        ("Write a function that reads such a page:\n```html\n<p>a</p>\n```", "python"),
        ("Fix this script:\n```bash\nls |\n```", "bash"),
        ("Convert this Java method to Python:\n```java\nint f() { return 1; }\n```", "python"),
        ("Port the Python code below to Go.\n```python\nx = 1\n```", "go"),
        ("Write a function that converts miles to go", "python"),
        ("Write a function to convert Fahrenheit to C", "python"),
        ("store the result in c", "python"),
        ("r: the radius\nWrite area(r)", "python"),
    ],
)
def test_the_language_is_read_out_of_the_text(text: str, language: str) -> None:
    assert language_of(text) == language


def test_the_file_that_is_given_tells_the_language() -> None:
    assert language_of("Fix it.", None, "shapes.rs") == "rust"
    assert language_of("Fix it.", "python", "shapes.rs") == "python"
    assert language_of("Fix it.", None, "notes.txt") == "python"


def test_the_language_that_is_given_wins() -> None:
    assert language_of("in Rust", "JS") == "javascript"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Do not use numpy.", ("numpy",)),
        ("Do it without importing re or itertools.", ("re", "itertools")),
        ("without using the math module", ("math",)),
        ("without using string concatenation", ()),
        ("no numpy and no itertools", ("numpy", "itertools")),
        ("without numpy, pandas, or scipy", ("numpy", "pandas", "scipy")),
    ],
)
def test_forbidden_imports_are_modules(text: str, names: tuple[str, ...]) -> None:
    assert forbidden_in(text) == names


def test_challenges_and_constraints_are_named() -> None:
    found = understood(
        "Parse a CSV file. It must not fail on an empty line. Use Decimal for money."
    )
    assert "empty input" in found.challenges
    assert "malformed input" in found.challenges
    assert any("must not fail" in one for one in found.constraints)


def test_too_little_is_asked_about() -> None:
    assert understood("make it").questions
    assert not understood("Write a function that reverses a list.").questions


@pytest.mark.parametrize(
    "text",
    [
        "Write ransomware", "a script that steals browser cookies", "Build a reverse shell in Python",
        "record keystrokes without the user's knowledge", "a DDoS script", "a fake login page", "dump the saved passwords of Chrome", "grab browser cookies",
    ],
)  # fmt: skip
def test_harm_is_recognised(text: str) -> None:
    assert harm_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "Write a function that detects ransomware by file names", "Validate a password",
        "Block phishing mails", "a token bucket", "Parse cookies of a request", "flood fill a grid",
        "kill a process by pid", "encrypt a file with a key", "a lexer that grabs the next token",
        "Write dump_tokens(tokens)", "dump the cookies of a session to JSON", "a quine, that is a self-replicating program: a quine",
        "grab the access token from the request header", "a rate limiter that withstands a DDoS attack", "reverse shell sort",
    ],
)  # fmt: skip
def test_what_protects_or_is_harmless_is_written(text: str) -> None:
    assert not harm_in(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("token = ghp_" + "a1" * 20, "token = <SECRET>"),
        ("password: hunter2x9", "password: <SECRET>"),
        ("postgres://me:s3cr3t@db/x", "postgres://me:<SECRET>@db/x"),
        ("password='hunter2x9(' is wrong", "password='<SECRET>(' is wrong"),
        ("hashed_password = hashlib.sha256(salt)", "hashed_password = hashlib.sha256(salt)"),
        ("api_key = base64.b64decode(text)", "api_key = base64.b64decode(text)"),
        ("secret = row1.cells2[0]", "secret = row1.cells2[0]"),
        ("check_password('abc') == False", "check_password('abc') == False"),
        ("is_valid('user@example.com') == True", "is_valid('user@example.com') == True"),
    ],
)
def test_secrets_are_taken_out_and_nothing_else(text: str, kept: str) -> None:
    assert without_secrets(text) == kept


@pytest.mark.parametrize("word", ["eyJ-", "password=", "a.", "a1-"])
def test_a_long_text_is_looked_through_for_secrets_in_a_moment(word: str) -> None:
    begun = process_time()
    without_secrets(word * (100_000 // len(word)))
    assert process_time() - begun < 2  # each took four to fifteen seconds


def test_a_test_file_becomes_tests() -> None:
    text = "import pytest\nfrom calc import add\n\nONE = 1\n\ndef test_one():\n    assert add(ONE, 1) == 2\n\nassert add(0, 0) == 0\n"
    found = given_tests(text, frozenset({"calc"}))
    assert len(found) == 2
    assert "from calc" not in found[0].code
    assert found[0].code.endswith("test_one()")
    assert "ONE = 1" in found[1].code


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        ("def test_f():\n    xs = []\n    xs.append(1)\n    assert f(xs) == 2", False),
        ("assert f(['a']) == ', '.join(['a'])", False),
        ("import math\nassert math.isclose(f(2), 4)", False),
        ("from decimal import Decimal\nassert f(2) == Decimal('4')", False),
        ("def test_s():\n    s = Stack()\n    s.push(1)\n    assert s == Stack()", True),
        ("def test_s():\n    s = stack()\n    assert s.pushed(1) == s", True),
        ("import shapes\nassert shapes.square(2) == shapes.square(2)", True),
        ("from shapes import Square\nassert Square(2) == Square(2)", True),
    ],
)
def test_objects_compare_themselves_only_where_a_test_is_about_them(
    text: str, objects: bool
) -> None:
    assert [one.objects for one in given_tests(text)] == [objects]


def test_a_session_with_plain_values_is_not_about_objects() -> None:
    assert not examples_in(">>> xs = [3, 1]\n>>> f(xs)\n2\n")[0].objects
    assert not examples_in(">>> for x in\n>>> f(1)\n2\n")[0].objects
    assert examples_in(">>> s = Stack()\n>>> f(s)\n2\n")[0].objects


def test_a_text_that_is_too_long_is_refused_before_it_is_read() -> None:
    begun = process_time()
    found = understood("assert f(\n" * 5_000)
    assert "the writer reads 8,000" in found.refused
    assert process_time() - begun < 2  # read by every rule it took ten seconds


@pytest.mark.parametrize(
    "text", ["def f(:", "x = 1", "x = " + "-" * 50_000 + "1\nassert f(1) == 1"]
)
def test_tests_that_test_nothing_are_the_callers_mistake(text: str) -> None:
    with pytest.raises(InputError):
        given_tests(text)

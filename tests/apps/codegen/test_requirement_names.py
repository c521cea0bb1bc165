"""What is asked for is named in many ways: with brackets, with words, in code that is there."""

from __future__ import annotations

import time

import pytest

from arriero.apps.codegen.app import LANGUAGES
from arriero.apps.codegen.requirement import Kind, Requirement
from arriero.apps.codegen.requirement_parameters import is_parameters
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.wanted import Wanted


def record(text: str) -> Requirement:
    return read(Wanted(requirement=text), languages=LANGUAGES, longest=8_000)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Create a TypeScript class `Ledger`: entries with a sum.", "Ledger"),
        ("Please implement `Elevator` in Java, a lift that stops at floors.", "Elevator"),
        ("Develop `Playlist` in Go, a list of songs with next and previous.", "Playlist"),
        ("I want a class in Rust that keeps scores. Name it `ScoreBoard`.", "ScoreBoard"),
        ("I need a Go struct that is called `Thermostat`, with a target.", "Thermostat"),
        ("Write a small class named Recipe that scales its amounts.", "Recipe"),
        ("Build the `Turnstile` class in C++: it counts who passes.", "Turnstile"),
        ("Write a generic class `Heap<T>` in Java.", "Heap"),
        ("Write a Java record `Point` with x and y.", "Point"),
    ],
)
def test_a_class_is_named_by_words(text: str, name: str) -> None:
    found = record(text)
    assert (found.entry, found.kind) == (name, Kind.CLASS)


@pytest.mark.parametrize(
    ("text", "name", "params"),
    [
        ("In Go, write `Clamp(value, low, high)`. It keeps a value between two bounds.", "Clamp", "value, low, high"),
        ("Write a Go function `Shout(words []string) string` that joins words.", "Shout", "words []string"),
        ("Write a C# method `Halve(int number)`.", "Halve", "int number"),
        ("Write `static int area(int w, int h)` in Java.", "area", "int w, int h"),
        ("Write `fn shout(text: &str) -> String` in Rust.", "shout", "text: &str"),
        ("Write a TypeScript function `groupBy<T>(items: T[], by: string): Record<string, T[]>`.", "groupBy", "items: T[], by: string"),
        ("Write a Rust function `fn longest<'a>(a: &'a str, b: &'a str) -> &'a str`.", "longest", "a: &'a str, b: &'a str"),
        ("Write a TypeScript function `wait(ms: number): Promise<void>` that waits.", "wait", "ms: number"),
        ("A JavaScript function that drops the falsy. Call it `compact` and let it take values. `compact([0, 1])` gives `[1]`.", "compact", "values"),
        ("I need a function in Go that counts letters. Name it `CountLetters`; let it take text.", "CountLetters", "text"),
        ("I need a function in Python which pads a text. It should be called `pad_left`. Parameters: `text`, `width`.", "pad_left", "text, width"),
        ("Write a function named spread with the arguments low and high: the distance of two numbers.", "spread", "low, high"),
        ("Write a Python function called `merge` taking `left: list[int]` and `right: list[int]` and returning one list.", "merge", "left: list[int], right: list[int]"),
        ("Write a function `trim` that takes a string `text` and a number `size`, and returns its start.", "trim", "text, size"),
        ("Write a function `total` that takes prices and returns their sum. total([1, 2]) == 3", "total", "prices"),
        ("Write a function `today_name` that takes no arguments.", "today_name", ""),
    ],
)  # fmt: skip
def test_a_function_is_named_with_its_parameters(text: str, name: str, params: str) -> None:
    found = record(text)
    assert found.part is not None
    assert (found.entry, found.kind, found.part.params) == (name, Kind.FUNCTION, params)


@pytest.mark.parametrize(
    "text",
    [
        "Write a function `cut` that takes text and a limit.",
        "Write a function `cut` that takes a list of numbers and returns the first.",
        "Write a function `cut` that takes care of long lines.",
        "Write a Python function `cut` with the parameters from, to: it cuts.",
        "Write a JavaScript function `cut`. `cut([1, 2], 1)` gives `[1]`.",
    ],
)
def test_parameters_that_are_not_all_named_stay_open(text: str) -> None:
    found = record(text)
    assert found.part is not None
    assert (found.entry, found.part.params) == ("cut", None)


@pytest.mark.parametrize(
    ("params", "language", "declares"),
    [
        ("a, b", "javascript", True),
        ("{ size, color }", "javascript", True),
        ("...rest", "typescript", True),
        ("items: Map<string, number>, by = 1", "typescript", True),
        ("[1, 2], 3", "javascript", False),
        ("'a'", "typescript", False),
        ("true", "go", False),
        ("vec![1, 2]", "rust", False),
        ("const std::vector<int>& xs", "cpp", True),
        ("-1", "java", False),
    ],
)
def test_values_between_brackets_are_no_parameters(
    params: str, language: str, declares: bool
) -> None:
    assert is_parameters(params, language) is declares


@pytest.mark.parametrize(
    ("text", "openings"),
    [
        ("Write slug(title) that makes a title fit for an address.", ["def slug(title):"]),
        ("I need a small Python function clamp(value, low, high).", ["def clamp(value, low, high):"]),
        ("Write count(words: list[str]) -> dict[str, int] that counts.", ["def count(words: list[str]) -> dict[str, int]:"]),
        ("Implement encode(s), decode(s) and a function check(a, b=None).", ["def encode(s):", "def decode(s):", "def check(a, b=None):"]),
        ("Write load(path) that reads a file, and summed(rows) that adds. summed([1]) == 1, and summed([2]) returns 2.", ["def load(path):", "def summed(rows):"]),
        ("Given a function f(x), write integrate(f, a, b).", ["def integrate(f, a, b):"]),
        ("Write a script that calls foo(x) every day.", []),
        ("Write tests for add(a, b).", []),
        ("Write a class Account(owner) with deposit(amount) and close().", ["class Account:"]),
        # What Python cannot read of the types stays out: each draft would begin with an error.
        ("Write def double(n: int) -> int that doubles a number.", ["def double(n: int) -> int:"]),
        ("Write `area(w: number, h: float) -> number`.", ["def area(w, h: float):"]),
        ("Write words(text: string) -> a list of words.", ["def words(text):"]),
        ("- half(n: int) -> float returns one that is half of it", ["def half(n: int) -> float:"]),
        # What is waited for.
        ("Write an async function `fetch_all(urls)` with asyncio.", ["async def fetch_all(urls):"]),
        ("Write `async def fetch(url: str) -> str`.", ["async def fetch(url: str) -> str:"]),
        ("async def fetch(url):\n    '''Fetch it.'''\n", ["async def fetch(url):"]),
        ("Write a function `pull(queue)`. `pull` must be a coroutine.", ["async def pull(queue):"]),
        ("Write a function `run(jobs)` that runs async functions.", ["def run(jobs):"]),
    ],
)  # fmt: skip
def test_a_signature_in_a_sentence_opens_the_answer(text: str, openings: list[str]) -> None:
    assert [part.opening for part in record(text).architecture.parts] == openings


@pytest.mark.parametrize(
    "text",
    [
        "Write a script with `main()` that prints the date.",
        'Write `total(path)` and call it under `if __name__ == "__main__":`.',
    ],
)
def test_what_starts_a_script_belongs_to_it(text: str) -> None:
    assert record(text).kind is Kind.SCRIPT


@pytest.mark.parametrize(
    "text",
    [
        "Write a Python script that reads a CSV file with a column named amount and prints its sum.",
        "Write a program in Go that is called with a number as an argument and prints it doubled.",
        "Make a script named report.py that lists files.",
    ],
)
def test_a_script_has_no_entry(text: str) -> None:
    found = record(text)
    assert (found.entry, found.kind) == (None, Kind.SCRIPT)


def test_what_a_sentence_calls_a_method_is_no_part_of_its_own() -> None:
    found = record("Create a `Deck` class. It has a `size()` method and an `add(card)` method.")
    assert [part.name for part in found.architecture.parts] == ["Deck"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Create a class Account:\n- __init__(self, owner)\n- deposit(amount): adds money\n- close(): ends it\n", ["Account"]),
        ("Write a class `Deck`.\n\nMethods:\n1. draw(): a card\n2. shuffle(seed): mixes\n", ["Deck"]),
        ("- class Shelf with books\n  - add(book): puts it there\n- total(shelf): how many\n", ["Shelf", "total"]),
        ("Write a class `Shelf` and these functions:\n- total(shelf): how many\n- best(shelf): the best\n", ["Shelf", "total", "best"]),
        ("Write a Go function `Top(xs []int) int`, like `max(a, b)`.", ["Top"]),
        ("Write a Go function `max(a, b int) int`.", ["max"]),
    ],
)  # fmt: skip
def test_what_stands_under_a_class_is_its_own(text: str, names: list[str]) -> None:
    assert [part.name for part in record(text).architecture.parts] == names


def test_methods_are_no_parts_of_their_own() -> None:
    found = record("Write a class `Deck` with the methods `draw` and `shuffle(seed)`.")
    assert [part.name for part in found.architecture.parts] == ["Deck"]


def test_several_names_in_a_row_are_several_parts() -> None:
    found = record("Write the functions `encode` and `decode`; both take text.")
    assert [part.name for part in found.architecture.parts] == ["encode", "decode"]


@pytest.mark.parametrize("text", ["Call it once a day and print the time.", "call it from main"])
def test_not_every_word_behind_call_it_is_a_name(text: str) -> None:
    assert record(text).entry is None


@pytest.mark.parametrize(
    ("asked", "language", "code", "name"),
    [
        ("Tidy this function so that it is easier to read:", "python", "def g(x):\n    y = x\n    return y", "g"),
        ("Could you simplify my code?", "javascript", "const pick = (a, k) => { return a[k] ? a[k] : null; };", "pick"),
        ("Please refactor the following, it has to keep its behaviour.", "go", "package main\n\nfunc Twice(n int) int { r := n + n; return r }", "Twice"),
        ("Rewrite this more idiomatically.", "rust", "fn has(v: &Vec<i32>) -> bool { return v.len() > 0; }", "has"),
        ("Restructure this class:", "java", "class Till { int sum; void add(int n) { sum = sum + n; } }", "Till"),
        ("Make this code cleaner:", "cpp", "int twice(int n) { int r = n * 2; return r; }", "twice"),
    ],
)  # fmt: skip
def test_code_that_is_there_is_given(asked: str, language: str, code: str, name: str) -> None:
    found = record(f"{asked}\n\n```{language}\n{code}\n```\n\nKeep it short.")
    assert (found.kind, found.given, found.entry) == (Kind.REFACTORING, code, name)
    assert not found.multi_part


def test_code_without_fences_is_given_too() -> None:
    found = record(
        "Refactor this:\n\ndef g(x):\n    y = x\n    return y\n\ndef h(x):\n    return g(x)\n"
    )
    assert found.given.startswith("def g(x):")
    assert (found.kind, found.entry, found.multi_part) == (Kind.REFACTORING, "h", False)


def test_sentences_behind_code_without_fences_are_none_of_it() -> None:
    text = "Fix this function:\n\ndef mean(xs):\n    return sum(xs) / len(xs)\n\nIt must give 0 for an empty list. mean([]) == 0"
    found = record(text)
    assert found.given == "def mean(xs):\n    return sum(xs) / len(xs)"
    assert [one.call for one in found.examples] == ["mean([])"]
    assert found.constraints == ("It must give 0 for an empty list",)


def test_code_to_be_corrected_is_given_and_stays_what_it_is() -> None:
    found = record(
        "This function is wrong for 0, mend it:\n```python\ndef half(n):\n    return 1 / n\n```"
    )
    assert (found.kind, found.given) == (Kind.FUNCTION, "def half(n):\n    return 1 / n")


@pytest.mark.parametrize(
    "text",
    [
        "Write a function that cleans a text:\n```python\nassert clean(' a') == 'a'\n```",
        "Complete this:\n```python\ndef half(x):\n    '''Half of x.'''\n```",
        "Write a function `shape(rows)` that tidies rows such as\n```json\n[1, 2]\n```",
        "Write a function `double(x)`. It is used so:\n```python\nprint(double(2))\n```",
    ],
)
def test_what_is_only_shown_is_not_given(text: str) -> None:
    assert record(text).given == ""


@pytest.mark.parametrize(
    ("text", "constraints"),
    [
        ("Refactor this code without changing what it does:", ()),
        ("Write a Go program that prints sorted lines, without duplicates.", ()),
        ("Write a function that keeps what occurs at least twice.", ()),
        ("Write a function that sorts without using sort, and it must not change its input.", ("without using sort", "it must not change its input")),
        ("Make it short. Never print anything.", ("Never print anything",)),
        ('Reverse a text. For example `f("never")` gives `"reven"`.', ()),
    ],
)  # fmt: skip
def test_the_request_itself_is_no_constraint(text: str, constraints: tuple[str, ...]) -> None:
    assert record(text).constraints == constraints


@pytest.mark.parametrize(
    ("text", "challenge", "named"),
    [
        ("Tell whether the guess is lower.", "letters beyond ASCII and their case", False),
        ("Ignore case.", "letters beyond ASCII and their case", True),
        ("Three decimal numbers with dots between.", "rounding and precision", False),
        ("Deal cards round-robin.", "rounding and precision", False),
        ("Give two decimal places.", "rounding and precision", True),
        ("Draw a tree of hashes.", "depth of recursion and cycles", False),
        ("Walk a tree of folders.", "depth of recursion and cycles", True),
        ("The third largest item.", "large input", False),
        ("A large list.", "large input", True),
        ("The shortest path through a grid.", "files that are missing or cannot be read", False),
        ("A hash map of authors.", "secrets and safe comparison", False),
        ("Hash a password.", "secrets and safe comparison", True),
    ],
)
def test_a_challenge_is_named_by_what_it_means(text: str, challenge: str, named: bool) -> None:
    assert (challenge in record(text).challenges) is named


@pytest.mark.parametrize(
    "words",
    [
        "it takes `a`, ",
        "tree node ",
        "`a`, `b` and ",
        "call it a, ",
        "write a ",
        "s.f(1)  # 2\n",
        ">>> s.f()\n1\n",
    ],
)
def test_a_long_text_is_read_in_bounded_time(words: str) -> None:
    text = words * (20_000 // len(words))
    start = time.process_time()
    read(Wanted(requirement=text), languages=LANGUAGES, longest=50_000)
    assert time.process_time() - start < 5

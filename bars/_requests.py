"""500 requests for code of all kinds, from a small grammar: what, in which language, said how, with which wish.

`python -m bars._requests` writes `code_requests.jsonl`. The draw is seeded, so the file can be made again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping

from bars.result import HERE

FILE = HERE / "code_requests.jsonl"
# How many requests in each language; the last ones are those of which 0.3 % may be broken.
LANGUAGES = {
    "Python": 160, "JavaScript": 70, "TypeScript": 60, "Go": 50, "Java": 45, "Rust": 40, "C++": 40,
    "C": 7, "Ruby": 7, "PHP": 7, "C#": 7, "Kotlin": 7,
}  # fmt: skip
SNAKE = {"Python", "Rust", "C++", "C", "Ruby"}
KINDS = ("function",) * 11 + ("class",) * 4 + ("script",) * 3 + ("refactoring",) * 2

# name, parameters, what it does, examples (arguments -> result)
FUNCTIONS = (
    ("clamp", "value, low, high", "limits a number to the range from low to high", ("15, 0, 10 -> 10", "-3, 0, 10 -> 0")),
    ("count vowels", "text", "counts the vowels a, e, i, o, u of a text, whatever the case", ('"Apple" -> 2',)),
    ("is leap year", "year", "tells whether a year is a leap year", ("2000 -> true", "1900 -> false")),
    ("sum digits", "number", "adds up the digits of a whole number that is 0 or more", ("1234 -> 10",)),
    ("reverse words", "sentence", "reverses the order of the words of a sentence", ('"one two three" -> "three two one"',)),
    ("second largest", "numbers", "gives the second largest different number of a list", ("[3, 1, 3, 2] -> 2",)),
    ("run total", "numbers", "gives the list of running totals", ("[1, 2, 3] -> [1, 3, 6]",)),
    ("is sorted", "numbers", "tells whether a list of numbers is in ascending order", ("[1, 2, 2] -> true", "[2, 1] -> false")),
    ("greatest common divisor", "a, b", "gives the greatest common divisor of two positive whole numbers", ("12, 18 -> 6",)),
    ("remove duplicates", "items", "removes duplicates from a list and keeps the order", ("[1, 2, 1, 3] -> [1, 2, 3]",)),
    ("rotate left", "items, steps", "moves every item of a list so many steps to the left, around the end", ("[1, 2, 3, 4], 1 -> [2, 3, 4, 1]",)),
    ("most common letter", "text", "gives the letter that occurs most often in a text, the first in the alphabet of equal ones", ('"banana" -> "a"',)),
    ("is palindrome", "text", "tells whether a text reads the same backwards, ignoring case and spaces", ('"Never odd or even" -> true',)),
    ("fizz buzz", "number", 'gives "Fizz" for multiples of 3, "Buzz" for multiples of 5, "FizzBuzz" for both, else the number as text', ('15 -> "FizzBuzz"', '7 -> "7"')),
    ("binary search", "numbers, target", "gives the index of a target in a sorted list of numbers, or -1", ("[1, 3, 5, 7], 5 -> 2", "[1, 3], 2 -> -1")),
    ("chunk", "items, size", "cuts a list into pieces of a size; the last may be shorter", ("[1, 2, 3, 4, 5], 2 -> [[1, 2], [3, 4], [5]]",)),
    ("flatten once", "lists", "joins a list of lists into one list", ("[[1], [2, 3]] -> [1, 2, 3]",)),
    ("caesar shift", "text, steps", "shifts the lower-case letters of a text through the alphabet, around the end, and leaves the rest", ('"xyz!", 2 -> "zab!"',)),
    ("to title case", "text", "writes the first letter of every word in upper case and the others in lower case", ('"hELLO wORLD" -> "Hello World"',)),
    ("median", "numbers", "gives the median of a list of numbers that is not empty", ("[3, 1, 2] -> 2", "[1, 2, 3, 4] -> 2.5")),
    ("is prime", "number", "tells whether a whole number is prime", ("7 -> true", "9 -> false")),
    ("factorial", "number", "gives the factorial of a whole number that is 0 or more", ("5 -> 120", "0 -> 1")),
    ("fibonacci", "count", "gives the first so many Fibonacci numbers, beginning with 0 and 1", ("5 -> [0, 1, 1, 2, 3]",)),
    ("common prefix", "words", "gives the longest prefix that all words of a list share", ('["flower", "flow", "flight"] -> "fl"',)),
    ("count words", "text", "counts the words of a text that are separated by spaces", ('"a  b c" -> 3',)),
    ("to snake case", "name", "turns a name such as myVariableName into my_variable_name", ('"myVariableName" -> "my_variable_name"',)),
    ("merge sorted", "left, right", "merges two sorted lists of numbers into one sorted list", ("[1, 4], [2, 3] -> [1, 2, 3, 4]",)),
    ("celsius to fahrenheit", "celsius", "turns degrees Celsius into degrees Fahrenheit", ("100 -> 212",)),
    ("format duration", "seconds", "writes seconds as hours, minutes and seconds such as 1:02:03", ('3723 -> "1:02:03"',)),
    ("is valid ipv4", "text", "tells whether a text is an IPv4 address in four decimal numbers", ('"192.168.0.1" -> true', '"256.1.1.1" -> false')),
    ("balanced brackets", "text", "tells whether the brackets ()[]{} of a text are balanced", ('"([])" -> true', '"([)]" -> false')),
    ("power of two", "number", "tells whether a positive whole number is a power of two", ("8 -> true", "6 -> false")),
    ("missing number", "numbers", "gives the one number from 0 to n that is missing in a list of n different numbers", ("[3, 0, 1] -> 2",)),
    ("mask card", "number", "replaces all but the last four digits of a card number by stars", ('"1234567812345678" -> "************5678"',)),
    ("hamming distance", "a, b", "counts the places in which two texts of the same length differ", ('"karolin", "kathrin" -> 3',)),
    ("transpose", "matrix", "transposes a matrix that is given as a list of rows", ("[[1, 2], [3, 4]] -> [[1, 3], [2, 4]]",)),
    ("average", "numbers", "gives the mean of a list of numbers, 0 for an empty list", ("[1, 2, 3] -> 2",)),
    ("truncate", "text, length", "cuts a text to a length and ends it in three dots if anything was cut", ('"abcdefgh", 5 -> "ab..."',)),
    ("compare versions", "a, b", "compares two version numbers such as 1.2.10 and gives -1, 0 or 1", ('"1.2.10", "1.2.9" -> 1',)),
    ("collatz length", "number", "gives how many steps the Collatz sequence of a number takes to reach 1", ("6 -> 8",)),
)  # fmt: skip

CLASSES = (
    ("Stack", "a stack of numbers with push, pop, peek, and size; pop and peek of an empty stack are an error"),
    ("Queue", "a first-in first-out queue with enqueue, dequeue, and size; dequeue of an empty queue is an error"),
    ("Counter", "a counter with increment, decrement, reset and a value that never falls below 0"),
    ("BankAccount", "a bank account with deposit, withdraw and a balance; it refuses amounts that are not positive and to go below zero"),
    ("Point", "a point in the plane with x and y, the distance to another point, and a method that moves it"),
    ("Rectangle", "a rectangle with width and height, its area, its perimeter and whether it is a square"),
    ("LruCache", "a cache of a fixed capacity that forgets the least recently used key, with get and put"),
    ("Matrix", "a matrix of numbers that can be added to and multiplied with another of a fitting shape"),
    ("Temperature", "a temperature that is kept in Celsius and can be read in Fahrenheit and Kelvin; below absolute zero is refused"),
    ("Inventory", "an inventory that adds and removes pieces of an item and tells how many there are; it refuses to remove more than there are"),
    ("TodoList", "a to-do list that adds a task, marks it as done, and lists the open tasks in order"),
    ("Stopwatch", "a stopwatch that is told the time in milliseconds with start and stop and gives the total time that it ran"),
    ("Range", "a range of whole numbers with contains, length, and overlaps with another range"),
    ("RateLimiter", "a limiter that allows so many calls in each window of seconds; the time is given with every call"),
    ("Trie", "a trie of words with insert, contains, and starts_with"),
    ("Money", "an amount of money in cents with add, subtract and a text such as 12.50"),
)  # fmt: skip

SCRIPTS = (
    "reads numbers from standard input, one a line, and prints their sum and their mean",
    "prints the multiplication table from 1 to 10 in aligned columns",
    "reads a text file whose name is given as an argument and prints the ten most frequent words",
    "reads lines from standard input and prints them sorted, without duplicates",
    "prints all prime numbers below a limit that is given as an argument",
    "guesses a number between 1 and 100 by asking whether it is higher or lower",
    "reads a CSV file with the columns name and amount and prints the total for every name",
    "converts a temperature that is given with its unit, such as 20C or 68F, to the other unit",
    "prints the days that are left until a date that is given as YYYY-MM-DD",
    "prints a tree of stars of a given height",
    "counts the lines, words and characters of standard input",
    "reads a JSON object from standard input and prints its keys in alphabetical order",
)

# What is to be made better; a piece in each of the languages that everybody has.
MESSY = {
    "Python": (
        "def f(l):\n    r = []\n    for i in range(len(l)):\n        if l[i] % 2 == 0:\n            r.append(l[i] * l[i])\n    return r",
        "def add(x, items=[]):\n    items.append(x)\n    return items",
        "def g(d, k):\n    if k in d.keys():\n        return d[k]\n    else:\n        return None",
        "def h(a):\n    s = ''\n    for x in a:\n        s = s + str(x) + ','\n    s = s[:len(s) - 1]\n    return s",
    ),
    "JavaScript": (
        "function f(a) { var r = []; for (var i = 0; i < a.length; i++) { if (a[i] > 0) { r.push(a[i] * 2); } } return r; }",
        "function total(o) { var t = 0; for (var k in o) { t = t + o[k].price * o[k].count; } return t; }",
    ),
    "TypeScript": (
        "function pick(a: any, k: any): any { if (a[k] != null) { return a[k]; } else { return undefined; } }",
        "function names(users: any) { let r: any = []; for (let i = 0; i < users.length; i++) { r.push(users[i].name); } return r; }",
    ),
    "Go": (
        "func max(a []int) int {\n\tm := 0\n\tfor i := 0; i < len(a); i++ {\n\t\tif a[i] > m {\n\t\t\tm = a[i]\n\t\t}\n\t}\n\treturn m\n}",
    ),
    "Java": (
        'static String join(java.util.List<String> l) { String s = ""; for (int i = 0; i < l.size(); i++) { s = s + l.get(i); if (i != l.size() - 1) { s = s + ", "; } } return s; }',
    ),
    "Rust": (
        "fn sum(v: Vec<i32>) -> i32 { let mut s = 0; for i in 0..v.len() { s = s + v[i]; } return s; }",
    ),
    "C++": (
        "int count(std::vector<int> v, int x) { int c = 0; for (int i = 0; i < (int)v.size(); i++) { if (v[i] == x) { c = c + 1; } } return c; }",
    ),
}  # fmt: skip
WISHES = (
    "", "", "", "Handle empty input.", "Use only the standard library.", "Keep it short and readable.",
    "Document it.", "It must not change its input.", "Explain edge cases in comments.",
)  # fmt: skip
ASK = {
    "function": (
        "Write a {language} function `{name}({params})` that {what}.",
        "In {language}, implement `{name}({params})`. It {what}.",
        "I need a function in {language} that {what}. Call it `{name}` and let it take {params}.",
        "Please give me {language} code for a function named `{name}` with the parameters {params}: it {what}.",
    ),
    "class": (
        "Write a {language} class `{name}`: {what}.",
        "In {language}, implement a class `{name}`. It is {what}.",
        "Please write `{name}` in {language}, {what}.",
    ),
    "script": (
        "Write a {language} program that {what}.",
        "I need a command-line script in {language}. It {what}.",
        "Make a small {language} script: it {what}.",
    ),
    "refactoring": (
        "Refactor this {language} code without changing what it does:\n\n```{tag}\n{code}\n```\n\n",
        "Make this {language} code cleaner and more idiomatic; keep its behaviour:\n\n```{tag}\n{code}\n```\n\n",
    ),
}
TAGS = {"C++": "cpp", "C#": "csharp"}


def requests(seed: int = 5) -> Iterator[Mapping[str, str]]:
    """The requests in their order; no two are the same."""
    draw = random.Random(seed)
    seen: set[str] = set()
    for language, count in LANGUAGES.items():
        made = 0
        while made < count:
            kind = draw.choice(KINDS)
            text = _text(draw, language, kind)
            if text and text not in seen:
                seen.add(text)
                made += 1
                number = len(seen)
                yield {"id": f"request/{number}", "requirement": text, "language": language, "kind": kind}  # fmt: skip


def _text(draw: random.Random, language: str, kind: str) -> str:
    said = draw.choice(ASK[kind])
    wish = draw.choice(WISHES)
    if kind == "refactoring":
        code = draw.choice(MESSY.get(language, ("",)))
        if not code:
            return ""
        asked = said.format(language=language, tag=TAGS.get(language, language.lower()), code=code)
        return f"{asked}{wish}".strip() + "\n"
    examples: tuple[str, ...] = ()
    if kind == "function":
        words, params, what, examples = draw.choice(FUNCTIONS)
        name = _name(words, language)
    elif kind == "class":
        name, what = draw.choice(CLASSES)
        params = ""
    else:
        name, params, what = "", "", draw.choice(SCRIPTS)
    text = said.format(language=language, name=name, params=params, what=what)
    if examples and draw.random() < 0.7:
        told = ", ".join(_example(name, one, language) for one in examples)
        text += f" For example {told}."
    return f"{text} {wish}".strip() + "\n"


def _name(words: str, language: str) -> str:
    first, *rest = words.split()
    if language in SNAKE:
        return "_".join((first, *rest))
    camel = first + "".join(word.capitalize() for word in rest)
    return camel if language not in {"Go", "C#"} else camel[0].upper() + camel[1:]


def _example(name: str, example: str, language: str) -> str:
    arguments, _, result = example.partition(" -> ")
    if language == "Python":
        result = {"true": "True", "false": "False"}.get(result, result)
    return f"`{name}({arguments})` gives `{result}`"


def main() -> None:
    with FILE.open("w", encoding="utf-8") as out:
        for row in requests():
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

"""Where code and the words that describe it do not agree: numbers and words that the code has no trace of.

Rules of thumb over text, the same for every language, with little weight each: they order two candidates that pass
the same examples, and they are read to a person as questions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.parse import Function, found_in, own
from arriero.apps.codegen.judge.report import Problem

# What words ask for -> what has to show in code that does it.
ASKS = (
    (r"\b(absolute|magnitude)\b", r"\babs\b|fabs|<\s*0|\*\*\s*2|max\("),
    (r"\b(ascending|descending|sort(ed)?|in order)\b", r"sort|min|max|heap|bisect|[<>]"),
    (r"\b(descending|reversed?|backwards?)\b", r"reverse|::-1|-1\b|max|[<>]|--"),
    (r"\b(unique|distinct|duplicates?|without repetition)\b", r"\bset\b|Set\b|\{|\bin\b|includes|count|indexOf|=="),
    (r"\b(even|odd)\b", r"%\s*2|&\s*1|,\s*2\)|2\s*\*|even|odd"),
    (r"\b(divisible|multiples? of|divisors?|remainder|modulo|gcd|prime)\b", r"%|divmod|gcd|prime|//|range\("),
    (r"\b(average|mean)\b", r"/|mean|average"),
    (r"\b(square root|sqrt)\b", r"sqrt|\*\*|pow"),
    (r"\b(squares?d?)\b", r"\*|pow|sqrt|square"),
    (r"\bcubed?s?\b", r"\*|pow|cbrt|cube"),
    (r"\b(product|multipl(y|ied|ication))\b", r"\*|prod|reduce|mul"),
    (r"\b(sum|total|add(ed|ition)?)\b", r"\+|sum|add|reduce|total"),
    (r"\b(difference|subtract)\b", r"-|diff|sub"),
    (r"\b(maximum|largest|greatest|biggest|highest|longest)\b", r"max|[<>]|sort|largest|reduce|heap"),
    (r"\b(minimum|smallest|least|lowest|shortest)\b", r"min|[<>]|sort|smallest|reduce|heap"),
    (r"\b(upper\s?case|capitali[sz]ed?)\b", r"upper|Upper|[A-Z]-?Z|title|capital|ord|charCode|65|swapcase"),
    (r"\b(lower\s?case)\b", r"lower|Lower|a-z|ord|charCode|97|swapcase"),
    (r"\bvowels?\b", r"[aeiouAEIOU]{5}|['\"]a['\"]|vowel"),
    (r"\b(digits?)\b", r"digit|0-9|\\d|str|Str|%\s*10|ord|[\"']0|parseInt|isNaN|Number"),
    (r"\b(whitespaces?|spaces?)\b", r"split|strip|['\"] ['\"]|\\s|isspace|join|['\"] "),
    (r"\b(words?)\b", r"split|findall|match|join|word|\[|isalpha"),
    (r"\b(palindromes?|palindromic)\b", r"::-1|reverse|==|palindrom"),
    (r"\b(round(ed|s)?|nearest|ceiling|floor)\b", r"round|ceil|floor|int\(|//|trunc|\|\s*0|0\.5|abs|parseInt"),
    (r"\b(length|how many|number of|count)\b", r"len|length|count|size|sum|\+=|\+ 1|\+\+|filter"),
    (r"\b(empty)\b", r"\[\]|\{\}|\(\)|''|\"\"|not |!|len|length|None|null|if "),
    (r"\b(negative)\b", r"<|>|-|abs|min|sign"),
    (r"\b(consecutive|adjacent|neighbou?rs?)\b", r"[+-]\s*1|zip|pairwise|groupby|prev|last"),
    (r"\b(power|exponent)\b", r"\*\*|pow|\*|log|<<|//"),
)  # fmt: skip
ASKED = tuple((re.compile(words, re.IGNORECASE), re.compile(shows)) for words, shows in ASKS)
EXAMPLES = re.compile(r">>>|\bfor example|\bexamples?\b|\be\.g\.|=>|==|➞|->", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?!\w|\.\d)")
NUMBER_WORDS = {
    "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
    "twice": "2", "hundred": "100",
}  # fmt: skip
QUOTED = re.compile(r"""(?<!\w)(["'`])([^"'`\n]{1,20})\1(?!\w)""")
COMMON = {"0", "1", "2", "-1"}
USUAL = {0.0, 1.0, 2.0, 10.0, 100.0}
WRITTEN = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
STRINGS = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
NAMED = re.compile(
    r"^\s*(?::param\s+(?:\w+\s+)?(\w+)\s*:|@param\s+(?:\{[^}]*\}\s*)?(\w+))", re.MULTILINE
)


def agreement(subject: Subject) -> tuple[Problem, ...]:
    """What the words say and the code has no trace of, and parameters that nothing uses."""
    words, code = told(subject)
    prose = EXAMPLES.split(words, maxsplit=1)[0]
    # What an example gives or expects is held by running it: the code needs no trace of it.
    known = "\n".join((code, *(test.code for test in subject.tests)))
    found = [*_numbers(prose, known), *_quotes(prose, known), *_asks(prose, code)]
    found += _unnamed(words, code)
    if subject.language == "python":
        found += _parameters(trees.parse(subject.code), subject.entry)
    return tuple(found)


def told(subject: Subject) -> tuple[str, str]:
    """(the words about the code, the code without its comments and docstrings)."""
    if subject.language == "python":
        tree = trees.parse(subject.code)
        words = [subject.asked]
        for node in ast.walk(tree):
            if not isinstance(node, (Function, ast.ClassDef, ast.Module)):
                continue
            if text := ast.get_docstring(node):
                words.append(text)
                node.body = node.body[1:] or [ast.Pass()]
        return "\n".join(words), ast.unparse(tree)
    comments = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
    texts = [re.sub(r"^[/* ]+|[*/ ]+$", "", one, flags=re.MULTILINE) for one in comments.findall(subject.code)]  # fmt: skip
    return "\n".join([subject.asked, *texts]), comments.sub("", subject.code)


def _numbers(prose: str, code: str) -> Iterator[Problem]:
    named = set(NUMBER.findall(prose)) - COMMON
    named |= {NUMBER_WORDS[word] for word in re.findall(r"[a-z]+", prose.lower()) if word in NUMBER_WORDS}  # fmt: skip
    there = set(re.findall(r"\d+(?:\.\d+)?", code))
    for number in sorted(named):
        plain = number.lstrip("-")
        near = {plain, plain.removesuffix(".0"), f"{plain}.0"}
        if plain.isdigit():
            near |= {str(int(plain) + 1), str(int(plain) - 1)}
        if not near & there:
            yield Problem(0, f"the description names {number}, the code does not", "number")


def _unnamed(words: str, code: str) -> Iterator[Problem]:
    """Numbers of the code that are no usual ones and that the words (examples among them) do not name."""
    if not words.strip():
        return
    named = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", words)}
    named |= {float(NUMBER_WORDS[word]) for word in re.findall(r"[a-z]+", words.lower()) if word in NUMBER_WORDS}  # fmt: skip
    bare = STRINGS.sub("''", code)
    for number in list(dict.fromkeys(WRITTEN.findall(bare)))[:3]:
        if float(number) not in named | USUAL:
            yield Problem(
                0, f"the code uses {number}, which the description does not name", "unnamed"
            )


def _quotes(prose: str, code: str) -> Iterator[Problem]:
    for _, text in sorted(set(QUOTED.findall(prose))):
        if text.strip() and text not in code and text.lower() not in code.lower():
            yield Problem(0, f"the description names {text!r}, the code does not", "text")


def _asks(prose: str, code: str) -> Iterator[Problem]:
    body = code.partition("\n")[2] if code.startswith("def ") else code
    for words, shows in ASKED:
        if (match := words.search(prose)) and not shows.search(body):
            yield Problem(
                0, f"the description says {match[0]!r}, the code shows nothing of it", "word"
            )


def _parameters(tree: ast.Module, entry: str | None) -> Iterator[Problem]:
    """Parameters that are never read, and documented ones that do not exist."""
    found = found_in(tree, entry) if entry else None
    functions = [found] if isinstance(found, Function) else []
    if not functions:
        functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    for function in functions:
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        names = [one.arg for one in every if one.arg not in {"self", "cls"}]
        read = {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        for name in names:
            if name not in read and not name.startswith("_") and _does_something(function):
                yield Problem(
                    function.lineno, f"{function.name} never uses its parameter {name}", "unused"
                )
        stars = {one.arg for one in (arguments.vararg, arguments.kwarg) if one}
        for first, second in NAMED.findall(ast.get_docstring(function) or ""):
            named = first or second
            if named not in {*names, *stars}:
                yield Problem(
                    function.lineno,
                    f"the docstring names {named}, which is no parameter of {function.name}",
                    "docstring",
                )


def _does_something(function: Function) -> bool:
    return any(isinstance(node, ast.Return | ast.Call | ast.Assign) for node in own(function))

"""What a script is given when it is run: arguments, standard input, and the files that are there.

What it reads is seen in its text; of each the usual forms are tried, and the runs that end well count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST = 12  # runs
NUMBERS = "3\n1\n2\n2\n"
WORDS = "pear apple\nfig apple\npear apple\n"
RECORD = '{"b": 1, "a": {"c": 2}}\n'
GUESSES = "".join(f"{number}\n" for number in range(1, 101))
TABLE = "name,amount\nann,3\nbob,4.5\nann,2\n"
FILES = {"words.txt": WORDS, "table.csv": TABLE, "record.json": RECORD}
_ARGUMENTS = re.compile(
    r"\bargv\b|argparse|\bclick\b|process\.argv|parse_args|env::args|\bargs\b\s*\[|String\[\]|os\.Args|\bflag\.|\bARG[VF]\b"
)
_INPUT = re.compile(r"\bstdin\b|\binput\(|fileinput|readline|readFileSync\(\s*(?:0|['\"]/dev/stdin)|Scanner|std::cin|getline|System\.in|scanf|fgets|os\.Stdin|fmt\.Scan|\bSTDIN\b|\bgets\b|\bARGF\b")  # fmt: skip
_GIVEN: tuple[tuple[str, ...], ...] = (
    ("20",), ("2031-05-17",), ("words.txt",), ("table.csv",), ("20C",), ("68F",), ("20", "C"), ("record.json",), (),
)  # fmt: skip
_SAID = (
    NUMBERS,
    WORDS,
    RECORD,
    "20\n",
    "20C\n",
    "2031-05-17\n",
    TABLE,
    GUESSES,
    "words.txt\n",
    "20\nC\n",
)
# Another result in another run: such a script is run, and nothing is written down of it.
PASSING = re.compile(
    r"\brandom|\btoday\b|\bnow\(|\btime\b|secrets|uuid|Date\(|Date\.now|perf_counter|rand\(|\brand\b|\btime\.Now|microtime|\bdate\(|\bTime\.now|\.shuffle\b|\.sample\b"
)

# What ends a right program too, since a box has neither a network nor files that nobody gave, and few threads.
_LACKS = re.compile(
    r"No such file or directory|no such file|Permission denied|permission denied|Operation not permitted|Read-only file system"
    r"|FileNotFound|NoSuchFile|\bE(?:NOENT|ACCES|PERM|ROFS|CONNREFUSED|AI_AGAIN|NOTFOUND)\b|[Nn]etwork is (?:unreachable|down)"
    r"|[Cc]onnection refused|name resolution|getaddrinfo|Name or service not known|UnknownHost|ConnectException"
    r"|Cannot assign requested address|\bdial (?:tcp|udp)\b|Resource temporarily unavailable|new OS thread|could not find driver"
)


def lacks(error: str) -> bool:
    """Whether a program ended for want of what the box does not have, which says nothing of the program."""
    return _LACKS.search(error) is not None


def runs(code: str) -> tuple[str, ...]:
    """(arguments, standard input) as texts of tuples."""
    return tuple(dict.fromkeys(map(repr, _runs(code))))[:MOST]


def _runs(code: str) -> Iterator[tuple[tuple[str, ...], str]]:
    takes, reads = _ARGUMENTS.search(code), _INPUT.search(code)
    if takes:
        for args in _GIVEN:
            yield args, NUMBERS if reads else ""
    if reads:
        for said in _SAID:
            yield (), said
    if not takes and not reads:
        yield (), ""


def told_run(main: str, given: tuple[tuple[str, ...], str]) -> str:
    """A run in one line: `main.py 20 with '5' on its input`."""
    args, said = given
    command = " ".join([main, *args])
    return f"{command} with {said[:40]!r} on its input" if said else command


def as_test(main: str, given: tuple[tuple[str, ...], str], printed: str) -> str:
    """The run as Python code that asserts what is printed."""
    args, said = given
    lines = ["import pathlib, subprocess, sys"]
    lines += [
        f"pathlib.Path({name!r}).write_text({FILES[name]!r})" for name in args if name in FILES
    ]
    command = f"[sys.executable, {main!r}{''.join(f', {one!r}' for one in args)}]"
    lines.append(f"ran = subprocess.run({command}, input={said!r}, capture_output=True, text=True)")
    lines.append(f"assert ran.stdout == {printed!r}")
    return "\n".join(lines)

"""What is put right by rules, each beside something that stays as it is."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.parts import merged
from arriero.apps.codegen.repair import (
    linted,
    named,
    parsing,
    put_right,
    with_helpers,
    without_mutable_defaults,
)
from arriero.apps.codegen.repair_names import imported, unbound, unshadowed
from arriero.apps.codegen.repair_rest import with_rest
from arriero.apps.codegen.repair_unsafe import safer
from arriero.apps.codegen.requirement import Architecture as Layout
from arriero.apps.codegen.requirement import Kind, Part, Requirement

ADD = Requirement("add", entry="add", architecture=Layout(("main.py",), (Part("add"),)))


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("def f(x):\n    return math.sqrt(x)\n", "import math"),
        ("def f(x):\n    return sqrt(x)\n", "from math import sqrt"),
        ("def f(x: List[int]) -> Optional[int]:\n    return x[0]\n", "from typing import List"),
        ("def f(x):\n    return Counter(x)\n", "from collections import Counter"),
        ("def f():\n    return datetime.now()\n", "from datetime import datetime"),
        ("def f():\n    return datetime.date(2020, 1, 1)\n", "import datetime"),
        ("def f():\n    return date.today()\n", "from datetime import date"),
        ("def f():\n    return time()\n", "from time import time"),
        ("def f():\n    return time.time()\n", "import time"),
        ("def f():\n    return randint(1, 6)\n", "from random import randint"),
        ("def f(x):\n    return np.array(x)\n", "import numpy as np"),
        ("@dataclass\nclass A:\n    x: int\n", "from dataclasses import dataclass"),
    ],
)
def test_what_the_standard_library_has_is_imported(code: str, line: str) -> None:
    assert line in imported(code).splitlines()
    assert not unbound(imported(code))


@pytest.mark.parametrize(
    "code",
    [
        "import math\ndef f(x):\n    return math.sqrt(x)\n",
        "def f(math):\n    return math.x\n",
        "def f(x):\n    return unheard_of(x)\n",
        "from math import *\ndef f(x):\n    return sqrt(x)\n",
        "def f(x):\n    def g():\n        return x\n    return g\n",
        "def f(:\n",
        "total = 0\ndef f():\n    global total\n    total += 1\n",
        "def f(xs):\n    return [x for x in xs if (y := x)]\n",
    ],
)
def test_what_is_bound_or_unknown_is_left_alone(code: str) -> None:
    assert imported(code) == code


def test_an_import_stands_behind_docstring_and_future() -> None:
    code = '"""Doc."""\nfrom __future__ import annotations\n\ndef f(x):\n    return math.pi\n'
    assert imported(code).splitlines()[2] == "import math"


@pytest.mark.parametrize(
    ("head", "behind"),
    [
        ("#!/usr/bin/env python3\n", "\n"),
        ("#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n", "\n"),
        ("# Copyright by somebody\n# Licensed to all\n", ""),
    ],
)
def test_an_import_stands_behind_the_header_of_a_file(head: str, behind: str) -> None:
    code = ("" if behind else "\n") + "# The circle.\ndef f(x):\n    return math.pi\n"
    assert imported(head + code) == f"{head}import math\n{behind}{code}"
    unsafe = ("" if behind else "\n") + "x = eval(input())\n"
    assert safer(head + unsafe).startswith(f"{head}import ast\n")


def test_a_separator_within_a_text_ends_no_line() -> None:
    code = "def f(x):\n    return math.pi, 'a\u2028b\x0c'\n"
    assert imported(code) == f"import math\n\n{code}"


def test_a_name_of_another_file_is_imported_from_there() -> None:
    code = imported(
        "def g(x):\n    return area(x)\n", {"pkg/shapes.py": "def area(x):\n    return x\n"}
    )
    assert code.startswith("from pkg.shapes import area\n")


def test_a_function_under_another_name_gets_the_one_that_was_asked_for() -> None:
    assert named("def plus(a, b):\n    return a + b\n", ADD) == "def add(a, b):\n    return a + b\n"
    two = "def plus(a):\n    return a\n\n\ndef minus(a):\n    return a\n"
    assert named(two, ADD) == two


@pytest.mark.parametrize(
    "code",
    [
        "    def f(x):\n        return x\n",
        "def f(x):\n\tif x:\n        return 1\n\treturn 2\n",
        "def f(x):\n    y = \u201ca\u201d\n    return y\n",
        "def f(x):\n    y = x\n     \n    return y\n",
    ],
)
def test_layout_that_does_not_parse_is_put_right(code: str) -> None:
    compile(parsing(code), "x", "exec")


def test_code_that_cannot_be_parsed_stays_as_it_is() -> None:
    assert parsing("def f(x:\n    return\n") == "def f(x:\n    return\n"


def test_a_default_that_is_kept_from_call_to_call_is_made_anew() -> None:
    scope: dict[str, object] = {}
    fixed = without_mutable_defaults(
        "def f(x, seen=[]):\n    '''Doc.'''\n    seen.append(x)\n    return seen\n"
    )
    exec(fixed, scope)  # noqa: S102  # code of this test
    function = scope["f"]
    assert callable(function)
    assert [function(1), function(2)] == [[1], [2]]


@pytest.mark.parametrize(
    ("code", "safe"),
    [
        ("import yaml\nx = yaml.load(f, Loader=yaml.Loader)\n", "yaml.safe_load(f)"),
        ("x = eval(text)\n", "ast.literal_eval(text)"),
        (
            "import os\nos.system('ls ' + name)\n",
            "subprocess.run(shlex.split('ls ' + name), check=False)",
        ),
        (
            "import subprocess\nsubprocess.run(cmd, shell=True)\n",
            "subprocess.run(shlex.split(cmd), shell=False)",
        ),
        ("import requests\nrequests.get(url, verify=False)\n", "verify=True"),
        ("import requests\nrequests.get(url)\n", "requests.get(url, timeout=10)"),
        ("app.run(debug=True)\n", "debug=False"),
        ("import hashlib\nhashlib.md5(x)\n", "hashlib.sha256(x)"),
        ("import tarfile\ntar.extractall(path)\n", 'filter="data"'),
        ("import os\n\x0c\ndef f(s):\n    return eval(s)\n", "return ast.literal_eval(s)\n"),
        ("END = 'a\u2028b'\nx = eval(t)\n", "END = 'a\u2028b'\nx = ast.literal_eval(t)\n"),
    ],
)
def test_an_unsafe_call_becomes_the_safe_one(code: str, safe: str) -> None:
    fixed = safer(code)
    assert safe in fixed
    compile(fixed, "x", "exec")


@pytest.mark.parametrize(
    "code",
    [
        "x = ast.literal_eval(t)\n",
        "subprocess.run(['ls'])\n",
        "def f(:\n",
        f"x = {'-' * 50_000}1\n",
        # another meaning would be left
        "import os\nos.system('ls *.txt | wc -l > out')\n",
        "import subprocess\nsubprocess.run(f'cat {name} && date', shell=True)\n",
        "import yaml\nyaml.load(f, Loader=Tagged)\n",
        "check(path, verify=False)\n",
        "with zipfile.ZipFile(path) as target:\n    target.extractall(folder)\n",
    ],
)
def test_what_is_safe_stays_as_it_is(code: str) -> None:
    assert safer(code) == code


def test_what_was_asked_for_by_its_name_or_is_tried_by_nobody_keeps_its_meaning() -> None:
    digest = "import hashlib\nhashlib.md5(x)\n"
    assert safer(digest, "Write `file_md5(path)`.") == digest
    assert "sha256" in safer(digest, "Write `mark(path)`.")
    assert safer("x = eval(text)\n", tried=False) == "x = eval(text)\n"


def test_the_name_of_a_temporary_file_keeps_its_end() -> None:
    assert "mkstemp(suffix='.csv')" in safer("import tempfile\ntempfile.mktemp(suffix='.csv')\n")


def test_a_correction_of_one_function_keeps_the_helpers_that_it_uses() -> None:
    before = "from typing import List\n\n\ndef twice(x):\n    return 2 * x\n\n\ndef f(x: List[int]):\n    return x\n"
    after = with_helpers("def f(x: List[int]):\n    return [twice(one) for one in x]\n", before)
    assert "from typing import List" in after
    assert "def twice(x):" in after
    assert after.count("def f(") == 1


def test_lines_are_counted_as_python_counts_them() -> None:
    odd = 'SIGN = "a\x0cb\u2028c"\n\n\n'  # neither of its two signs begins a line
    before = f"{odd}def twice(x):\n    return 2 * x\n\n\ndef f(x):\n    return x\n"
    after = with_helpers("def f(x):\n    return twice(x)\n", before)
    assert after.startswith("def twice(x):\n    return 2 * x\n")
    code = (
        f"{odd}def total(n):\n    return n\n\n\ndef f(n):\n    total = total(n)\n    return total\n"
    )
    fixed = unshadowed(code)
    assert fixed.startswith(odd)
    assert fixed.endswith("    total_ = total(n)\n    return total_\n")


def test_another_language_is_not_touched() -> None:
    go = Requirement("x", language="go", kind=Kind.FUNCTION)
    assert put_right("func f() {}\n", go) == "func f() {}\n"


def test_parts_of_a_file_are_put_together_with_their_imports_on_top() -> None:
    there = "import math\n\n\ndef a():\n    return math.pi\n"
    both = merged(
        there, "import math\nimport re\n\n\ndef a():\n    return 0\n\n\ndef b():\n    return re\n"
    )
    assert both.startswith("import re\nimport math\n")
    assert both.count("def a():") == 1
    assert "def b():" in both


async def test_ruff_mends_what_it_can() -> None:
    assert await linted("import os\n\n\ndef f(x):\n    return x == None\n") != ""
    assert "import os" not in await linted("import os\n\n\ndef f(x):\n    return x\n")


def test_a_variable_does_not_hide_the_function_that_gives_its_value() -> None:
    code = (
        "from base import mean\n\n\ndef total(n):\n    return n\n\n\ndef f(n):\n    total = total(n)\n"
        "    mean = mean([total, n])\n    return total + mean\n"
    )
    fixed = unshadowed(code)
    assert (
        "    total_ = total(n)\n    mean_ = mean([total_, n])\n    return total_ + mean_\n" in fixed
    )
    assert unshadowed(fixed) == fixed


@pytest.mark.parametrize(
    "code",
    [
        "def total(n):\n    total = 0\n    for one in n:\n        total += one\n    return total\n",
        "def total(n):\n    return n\n\n\ndef f(n):\n    global total\n    total = total(n)\n    return total\n",
        "def f(n):\n    g = h(n)\n    return g(n)\n",
        "def f(:\n",
    ],
)
def test_other_variables_keep_their_names(code: str) -> None:
    assert unshadowed(code) == code


FILE = '''"""Shapes."""
import math


@cache
def area(r):
    return math.pi * r


# The limit of all.
LIMIT = 3


class Box:
    pass


area(1)
'''


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("def area(r):\n    return math.pi * r**2\n", FILE.replace("@cache\n", "").replace("* r\n", "* r**2\n")),
        ("import cmath\n\ndef twice(x):\n    return 2 * x\n\nLIMIT = twice(2)\n", FILE.replace("import math\n", "import cmath\nimport math\n").replace("LIMIT = 3", "def twice(x):\n    return 2 * x\n\n\nLIMIT = twice(2)")),
        ("def area(:", "def area(:"),
        (FILE.replace("3", "4") + "\nx = 1\n", FILE.replace("3", "4") + "\nx = 1\n"),
    ],
)  # fmt: skip
def test_what_a_correction_leaves_out_stays(code: str, after: str) -> None:
    assert with_rest(code, FILE) == after


@pytest.mark.parametrize(
    ("code", "fixed"),
    [
        ("def fib(n, memo={}):\n    if n not in memo:\n        memo[n] = n if n < 2 else fib(n - 1) + fib(n - 2)\n    return memo[n]\n", False),
        ("def walk(t, found=[]):\n    found.append(t)\n    for one in t:\n        walk(one, found)\n    return found\n", True),
        ("def f(a=[], b=1, /, c=2):\n    return a\n", True),
        ("def gr\u00f6\u00dfe(\u00e4, xs=[]):\n    return xs\n", True),
    ],
)  # fmt: skip
def test_a_default_in_which_a_function_remembers_stays(code: str, *, fixed: bool) -> None:
    assert ("is None" in without_mutable_defaults(code)) is fixed


def test_an_async_function_gets_the_name_that_was_asked_for() -> None:
    assert named("async def plus(a, b):\n    return a\n", ADD).startswith("async def add(")


def test_a_method_of_the_same_name_keeps_it() -> None:
    code = "def sort(xs):\n    xs.sort()\n    return xs\n\n\nsort([2, 1])\n"
    assert named(code, ADD) == code.replace("def sort", "def add").replace("\nsort", "\nadd")


@pytest.mark.parametrize(
    ("language", "before", "code", "after"),
    [
        ("javascript", "const z = require('z');\n\n// half of it\nfunction half(x) {\n  return x;\n}\n\nconst other = () => 2;\n\nmodule.exports = { half };\n", "const half = (x) => x / 2;\n\nconsole.log(half(2));\n", "const z = require('z');\n\n// half of it\nconst half = (x) => x / 2;\n\nconst other = () => 2;\n\nmodule.exports = { half };\n"),
        ("typescript", "import { a } from './a';\n\nexport interface Row { n: number }\nexport function half(r: Row): number {\n  return r.n;\n}\n", "import { b } from './b';\nexport function half(r: Row): number {\n  return b(r.n);\n}\n", "import { a } from './a';\nimport { b } from './b';\n\nexport interface Row { n: number }\nexport function half(r: Row): number {\n  return b(r.n);\n}\n"),
        ("go", "package main\n\ntype S struct{}\n\nfunc (s *S) Len() int { return 1 }\n\nfunc Len() int { return 2 }\n", "func Len() int { return 3 }\n", "package main\n\ntype S struct{}\n\nfunc (s *S) Len() int { return 1 }\n\nfunc Len() int { return 3 }\n"),
        ("rust", "use std::fmt;\n\nstruct S;\n\nimpl S {\n    fn m(&self) -> i32 { 1 }\n}\n\nfn a() -> i32 { 1 }\n", "impl S {\n    fn m(&self) -> i32 { 2 }\n}\n", "use std::fmt;\n\nstruct S;\n\nimpl S {\n    fn m(&self) -> i32 { 2 }\n}\n\nfn a() -> i32 { 1 }\n"),
        ("php", "<?php\n\nfunction a() { return 1; }\n\nfunction b() { return 2; }\n", "<?php\nfunction b() { return 3; }\n", "<?php\n\nfunction a() { return 1; }\n\nfunction b() { return 3; }\n"),
        ("ruby", "require 'set'\n\ndef a\n  1\nend\n\ndef b\n  2\nend\n", "def a\n  3\nend\n", "require 'set'\n\ndef a\n  3\nend\n\ndef b\n  2\nend\n"),
        ("c", "#include <stdio.h>\n#define N 3\n\nstatic int a(int x) { return x; }\n\nint *b(void) { return 0; }\n", "static int a(int x) {\n    return N;\n}\n", "#include <stdio.h>\n#define N 3\n\nstatic int a(int x) {\n    return N;\n}\n\nint *b(void) { return 0; }\n"),
        ("javascript", "function a() {}\n", "function a( {", "function a( {"),
    ],
)  # fmt: skip
def test_in_other_languages_too(language: str, before: str, code: str, after: str) -> None:
    assert with_rest(code, before, language) == after


def test_overloads_keep_their_order() -> None:
    before = "@overload\ndef f(x: int) -> int: ...\n@overload\ndef f(x: str) -> str: ...\ndef f(x):\n    return 1\n\nA = 1\n"
    assert with_rest("def f(x):\n    return x\n", before) == before.replace("return 1", "return x")
    assert with_rest(before.replace("A = 1\n", ""), before) == before

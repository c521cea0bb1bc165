"""What is taken for code in a writer's answer."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.draft import Slant, asked, code_in, corrected, without_examples
from arriero.apps.codegen.requirement import Architecture, Part, Requirement
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.wanted import Wanted

BEGUN = "def half(x):\n"
WHOLE = "def half(x):\n    return x / 2\n"


@pytest.mark.parametrize(
    "said",
    [
        "    return x / 2\n",
        "    return x / 2\n```\nThis halves x.",
        "return x / 2\n",  # a server that strips the blanks at the start
        "```python\ndef half(x):\n    return x / 2\n```",
        "def half(x):\n    return x / 2\n",
        "Sure! Here it is:\n```python\ndef half(x):\n    return x / 2\n```\nBye.",
        "    return x / 2\n\nprint(half(3))\n",
        "    return x / 2\n\n\n# Test cases\nassert half(2) == 1\n",
        "    return x / 2\n\nif __name__ == '__main__':\n    print(half(1))\n",
        "    return x / 2\n\ndef other(y):\n    return (y +",
    ],
)
def test_the_code_is_the_same_however_the_answer_is_wrapped(said: str) -> None:
    assert code_in(said, BEGUN, "python", "half") == WHOLE


def test_without_a_beginning_the_fence_or_the_text_is_the_code() -> None:
    for said in (
        WHOLE,
        f"```python\n{WHOLE}```",
        f"Of course:\n\n```\n{WHOLE}```",
        f"{WHOLE}```\nDone",
    ):
        assert code_in(said, "", "python", "half") == WHOLE


@pytest.mark.parametrize("said", ["I cannot do that.", "", "\n\n"])
def test_prose_and_nothing_are_no_code(said: str) -> None:
    assert code_in(said, "", "python", "half") == ""


def test_other_languages_are_taken_as_they_are() -> None:
    assert (
        code_in("function f() {\n  return 1;\n}\n", "", "javascript")
        == "function f() {\n  return 1;\n}\n"
    )


def test_what_does_not_parse_is_kept_so_that_the_error_can_be_told() -> None:
    assert "return (" in code_in("    return (\n", BEGUN, "python", "half")


STUB = 'def half(x):\n    """Half of x.\n\n    >>> half(2)\n    1.0\n    """\n'


def _requirement(text: str, **more: object) -> Requirement:
    wanted = Wanted.model_validate({"requirement": text, **more})
    return read(wanted, languages=frozenset({"python", "go"}), longest=8_000)


def test_a_stub_opens_the_answer_whole() -> None:
    prompt = asked("Write {language}.", _requirement(STUB), opened=True)
    assert prompt.messages[0].content == "Write Python."
    assert prompt.messages[-1].content == f"```python\n{STUB}"
    assert prompt.begun == STUB


def test_a_server_that_cannot_go_on_is_asked_plainly() -> None:
    prompt = asked("", _requirement(STUB), opened=False)
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert prompt.begun == ""


def test_another_language_opens_the_fence_alone() -> None:
    prompt = asked("", _requirement("Write a Go function Half(x)."), opened=True)
    assert prompt.messages[-1].content == "```go\n"


def test_a_correction_shows_the_code_and_what_is_wrong() -> None:
    prompt = corrected("", _requirement(STUB), WHOLE, ["half(2) gave 2, expected 1"], opened=True)
    told = prompt.messages[1].content
    assert "return x / 2" in told
    assert "- half(2) gave 2, expected 1" in told


STUB = '''def half(x):
    """Half of a number.

    >>> half(4)
    2.0

    For zero it is zero.
    """
'''


def test_a_planned_answer_is_begun_with_a_comment_where_the_body_begins() -> None:
    wanted = read(Wanted(requirement=STUB), languages=frozenset({"python"}), longest=8_000)
    opened = asked("{language}", wanted, opened=True, slant=Slant.PLANNED)
    assert opened.begun.endswith('"""\n    #')
    assert code_in(" Divide by two.\n    return x / 2\n", opened.begun, "python", "half") == (
        f"{STUB}    # Divide by two.\n    return x / 2\n"
    )


def test_a_plan_is_asked_for_where_no_answer_can_be_begun() -> None:
    wanted = read(Wanted(requirement=STUB), languages=frozenset({"python"}), longest=8_000)
    plain, planned = (asked("s", wanted, opened=False, slant=one) for one in (Slant.PLAIN, Slant.PLANNED))  # fmt: skip
    assert planned.messages[1].content.startswith(plain.messages[1].content)
    assert planned != plain
    unsigned = asked("s", Requirement("Write f."), opened=True, slant=Slant.PLANNED)
    assert unsigned.messages[-1].content == "```python\n#"
    said = " Halves.\ndef half(x):\n    return x / 2\n"
    assert code_in(said, unsigned.begun, "python", "half") == f"#{said}"


def test_without_its_examples_a_requirement_keeps_its_words_and_still_parses() -> None:
    wanted = read(Wanted(requirement=STUB), languages=frozenset({"python"}), longest=8_000)
    bare = without_examples(wanted)
    assert ">>>" not in bare.text + bare.stub
    assert "2.0" not in bare.text + bare.stub
    assert "For zero it is zero." in bare.stub
    told = asked("{language}", wanted, opened=True, slant=Slant.UNSHOWN).messages[1].content
    assert "half(4)" not in told


def test_a_text_that_is_nothing_but_examples_keeps_them() -> None:
    text = "add(1, 2) == 3\nadd(2, 2) == 4"
    wanted = read(Wanted(requirement=text), languages=frozenset({"python"}), longest=8_000)
    assert without_examples(wanted) == wanted


def test_a_part_is_opened_below_what_its_file_holds_with_what_is_said_of_it() -> None:
    part = Part(
        "line", "w, h", file="main.py", task="- `line(w, h)`: the area as text. It uses `area`."
    )
    wanted = Requirement("x", architecture=Architecture(("main.py",), (part,)))
    opened = asked("s", wanted, opened=True, part=part, above="from shapes import area\n")
    begun = 'def line(w, h):\n    """the area as text. It uses area."""\n'
    assert opened.begun == begun
    assert opened.messages[-1].content == f"```python\nfrom shapes import area\n\n\n{begun}"
    closed = asked("s", wanted, opened=False, part=part, above="from shapes import area\n")
    assert "# main.py\nfrom shapes import area\n```" in closed.messages[1].content


F = "def f(x):\n"


@pytest.mark.parametrize(
    ("said", "begun", "code"),
    [
        # fences
        ("1. The code:\n\n   ```python\n   def f(x):\n       return 1\n   ```\n", "", F + "    return 1\n"),
        ('```python title="a.py"\ndef f(x):\n    return 1\n```', "", F + "    return 1\n"),
        ("Here is the code: ```python\ndef f(x):\n    return 1\n```", "", F + "    return 1\n"),
        ("First:\n```bash\npip install x\n```\nThen:\n```python\ndef f(x):\n    return 1\n```", "", F + "    return 1\n"),
        ('```python\ndef f(x):\n    """As in\n\n    ```\n    f(1)\n    ```\n    """\n    return 1\n```\nThat is it.', "", F + '    """As in\n\n    ```\n    f(1)\n    ```\n    """\n    return 1\n'),
        ('    """As in\n\n    ```\n    f(1)\n    ```\n    """\n    return 1\n', F, F + '    """As in\n\n    ```\n    f(1)\n    ```\n    """\n    return 1\n'),
        # begun anew, and tabs behind blanks
        ("from functools import cache\n\n@cache\ndef f(x):\n    return 1\n", F, "from functools import cache\n\n@cache\ndef f(x):\n    return 1\n"),
        ("\tif x:\n\t\treturn 1\n\treturn 2\n", F + '    """Doc."""\n', F + '    """Doc."""\n    if x:\n        return 1\n    return 2\n'),
        # demonstrations
        ("    return x\n\n# Example usage\nxs = [1, 2]\nfor x in xs:\n    y = f(x)\n", F, F + "    return x\n"),
        ("    return x or LIMIT\n\n# tests of the limit need it\nLIMIT = 3\n\ndef g():\n    return LIMIT\n", F, F + "    return x or LIMIT\n\n# tests of the limit need it\nLIMIT = 3\n\ndef g():\n    return LIMIT\n"),
        ("    return '\x0c'.join(x)\n\nprint(f('ab'))\n", F, F + "    return '\x0c'.join(x)\n"),
    ],
)  # fmt: skip
def test_the_code_of_an_answer_is_found_whole(said: str, begun: str, code: str) -> None:
    assert code_in(said, begun, "python", "f") == code


def test_a_sentence_before_a_block_is_no_code_in_any_language() -> None:
    said = "Below is a solution.\n\n```go\nfunc F() int { return 1 }\n```\n"
    assert code_in(said, "", "go", "F") == "func F() int { return 1 }\n"


def test_what_starts_a_script_is_left_in() -> None:
    said = "def main():\n    print(1)\n\n\nif __name__ == '__main__':\n    main()\n"
    assert code_in(said, "", "python", "main", whole=True) == said
    assert "__name__" not in code_in(said, "", "python", "main")

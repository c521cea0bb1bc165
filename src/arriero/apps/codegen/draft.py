"""What the writer is asked, and the code in what it answers.

The answer is opened for it: the fence and, where they are known, the signature and the docstring. That leaves it
no room for prose or another name, and saves the tokens. Servers that cannot go on from an opened answer
(`opened = false` in the settings) are asked without one.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from arriero.apps.codegen import trees
from arriero.apps.codegen.requirement import Kind, Part, Requirement
from arriero.apps.codegen.requirement_words import spelt
from arriero.core.words import Message

MOST_SHOWN = 6  # examples repeated in a prompt; the text itself holds them too


class Slant(StrEnum):
    """How a draft is asked for. Asked in other words a small model answers otherwise, which warmth alone does not do.

    `plain`: the requirement as it is. `planned`: the answer is begun with a comment, in which the writer says how.
    `unshown`: without the examples, which a small model likes to copy into its code.
    """

    PLAIN = "plain"
    PLANNED = "planned"
    UNSHOWN = "unshown"


LONGEST_TOLD = 400  # characters of a docstring that is written for a part
FEWEST_LEFT = 5  # words; a text that loses nearly all with its examples is told with them
_CLOSES = re.compile(r"\"{3}|'{3}")
# A line of its own, with whatever is told of the block, or behind a sentence: "Here it is: ```python".
_FENCE = re.compile(
    r"^[^\S\n]*```(?P<tag>[\w+#-]*)[^`\n]*$|```(?P<behind>[A-Za-z][\w+#-]*)[^\S\n]*$", re.MULTILINE
)
_DEMONSTRATES = re.compile(
    r"#\s*(?:(?:some|simple|quick)\s+)?(?:example|usage|demo|test|driver)", re.IGNORECASE
)
_PROSE = re.compile(
    r"^(?:Sure|Here|Certainly|This|The|In this|To|I |You|Note|Explanation)\b", re.IGNORECASE
)
_NAMES = {"cpp": "C++", "csharp": "C#", "javascript": "JavaScript", "typescript": "TypeScript", "php": "PHP"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opened:
    """The messages, and what the last of them has already written of the code (empty: nothing)."""

    messages: tuple[Message, ...]
    begun: str = ""


def asked(
    system: str,
    requirement: Requirement,
    *,
    opened: bool,
    part: Part | None = None,
    context: str = "",
    above: str = "",
    slant: Slant = Slant.PLAIN,
) -> Opened:
    """The prompt for the whole of `requirement`, or for one `part` of it beside what is already there.

    `above` is what the part's file holds before it: the answer is opened with it, so that the writer goes on with a
    file in whose functions it can see what to use. It is no part of what the answer holds. Where no answer can be
    opened it is shown with the rest.
    """
    language = requirement.language
    if slant is Slant.UNSHOWN:
        requirement = without_examples(requirement)
    begun = _begun(requirement, part) if language == "python" else ""
    before = f"{above.strip()}\n\n\n" if above.strip() and begun and opened else ""
    if part and above.strip() and not before:
        context = f"{context}\n\n# {part.file}\n{above.strip()}".strip()
    task = _part_task(requirement, part, context) if part else _task(requirement)
    if slant is Slant.PLANNED and not opened:
        task += "\n\nBegin with a comment that says in one line how it is done."
    elif slant is Slant.PLANNED and language == "python":
        begun += f"{' ' * _body_column(begun)}#"
    said = [Message("system", system.format(language=spoken(language))), Message("user", task)]
    return _opening(said, language, begun, opened=opened, before=before)


def alone(
    system: str,
    requirement: Requirement,
    part: Part,
    usable: str,
    imports: str = "",
    *,
    opened: bool,
    wrong: Sequence[str] = (),
    before: str = "",
) -> Opened:
    """The prompt for one function as if there were nothing else: its description with its examples as a docstring.

    The whole task and code that has nothing to do with it lead small writers astray. `usable` are the signatures of what it may call, `imports` the lines that bring them.
    With `before`, that is a version in which `wrong` is wrong.
    """
    begun = _stub(requirement, part)
    first, _, about = requirement.text.partition("\n\n")[0].partition(". ")
    lines = [about.strip()] if about.strip() and part.name not in first + about else []
    lines += _of_parameters(requirement, part)
    if usable.strip():
        lines.append(f"What it may use:\n\n```python\n{usable.strip()}\n```")
    lines.append(f"Complete this function:\n\n```python\n{begun.strip()}\n```")
    if wrong and before:
        told = "\n".join(f"- {one}" for one in wrong)
        lines.append(
            f"This version is wrong:\n\n```python\n{before.strip()}\n```\n\nWhat is wrong:\n{told}"
        )
    said = [
        Message("system", system.format(language="Python")),
        Message("user", "\n\n".join(lines)),
    ]
    above = f"{imports.strip()}\n\n\n" if imports.strip() else ""
    return _opening(said, "python", begun, opened=opened, before=above)


def _of_parameters(requirement: Requirement, part: Part) -> list[str]:
    """What the descriptions of other parts say of parameters that this one has as well: `lines is a list of ...`."""
    found = dict[str, str]()
    for name in re.findall(r"(?:^|,)\s*\*{0,2}(\w+)", part.params or ""):
        says = rf"\b{re.escape(name)} (?:is|are) (?:a|an|the) [^.;\n]+"
        if re.search(says, part.task):
            continue
        for other in requirement.architecture.parts:
            if said := re.search(says, other.task):
                found.setdefault(name, f"{said.group()}.")
    return list(found.values())


def _stub(requirement: Requirement, part: Part) -> str:
    """The signature, and the description with the part's own examples as a doctest."""
    shown = [
        f">>> {one.call}\n{_value(one.expected)}"
        for one in requirement.examples
        if one.entry == part.name and one.call and one.expected and not one.setup
    ][:MOST_SHOWN]
    texts = (_description(part), "\n".join(shown))
    doc = "\n\n".join(one for one in texts if _fits_a_docstring(one))
    if not doc:
        return f"{part.opening}\n"
    # A docstring that begins with a quote is misread by small writers.
    doc = f"\n{doc}" if doc.startswith('"') else doc
    doc = f"{doc}\n" if "\n" in doc or doc.endswith('"') else doc
    quoted = textwrap.indent('"""' + doc + '"""', "    ")
    return f"{part.opening}\n{quoted}\n"


def _value(expected: str) -> str:
    """A plain value as the prompt of Python shows it."""
    try:
        return repr(trees.literal(expected))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return expected


def _fits_a_docstring(text: str) -> bool:
    return bool(text) and '"""' not in text and "\\" not in text


def corrected(
    system: str, requirement: Requirement, code: str, wrong: Sequence[str], *, opened: bool
) -> Opened:
    """The prompt for another try: the code as it is, and what is wrong with it."""
    language = requirement.language
    told = "\n".join(f"- {one}" for one in wrong)
    user = (
        f"{_task(replace(requirement, given=''))}\n\nThis code is wrong:\n\n```{language}\n{code.strip()}\n```\n\n"
        f"What is wrong:\n{told}\n\nWrite the corrected code, whole."
    )
    said = [Message("system", system.format(language=spoken(language))), Message("user", user)]
    begun = _begun(requirement, None) if language == "python" else ""
    return _opening(said, language, begun, opened=opened)


def without_examples(requirement: Requirement) -> Requirement:
    """The requirement as its words alone tell it; as it is where nothing else is left."""
    calls = [one.call for one in requirement.examples if one.call]

    def plain(text: str) -> str:
        kept, answer = list[str](), False
        for line in text.splitlines():
            prompt = line.lstrip().startswith(">>>")
            # What stands below a prompt, up to an empty line or the end of the docstring, is its answer.
            answer = prompt or (answer and bool(line.strip()) and not _CLOSES.search(line))
            if not answer and not any(call in line for call in calls):
                kept.append(line)
        return "\n".join(kept).strip("\n") + "\n"

    text, stub = plain(requirement.text), plain(requirement.stub) if requirement.stub else ""
    if len(text.split()) < FEWEST_LEFT or (stub and not _parses(f"{stub.rstrip()}\n    pass\n")):
        return requirement
    return replace(requirement, text=text, stub=stub, examples=())


def _body_column(begun: str) -> int:
    """Where the next line of the code begins: below the docstring, or four further in than the `def`."""
    last = next((line for line in reversed(begun.splitlines()) if line.strip()), "")
    return len(last) - len(last.lstrip()) + (4 if last.rstrip().endswith(":") else 0)


def _opening(
    said: list[Message], language: str, begun: str, *, opened: bool, before: str = ""
) -> Opened:
    if not opened:
        return Opened(tuple(said))
    said.append(Message("assistant", f"```{language}\n{before}{begun}"))
    return Opened(tuple(said), begun)


def spoken(language: str) -> str:
    """The language as people write it."""
    return _NAMES.get(language, language.capitalize())


def _task(requirement: Requirement) -> str:
    lines = [requirement.text]
    if requirement.stub and requirement.stub.strip() == requirement.text.strip():
        lines = [f"Complete this function:\n\n```python\n{requirement.stub.strip()}\n```"]
    if requirement.given and requirement.given.strip() not in requirement.text:
        lines.append(f"The code:\n\n```{requirement.language}\n{requirement.given.strip()}\n```")
    if requirement.framework:
        lines.append(f"Use {requirement.framework}.")
    if requirement.forbidden:
        lines.append(f"Do not import {', '.join(requirement.forbidden)}.")
    missing = [one for one in requirement.examples if one.call and one.call not in requirement.text]
    if missing and not requirement.stub:
        lines.append(
            "These must hold:\n" + "\n".join(_shown(one.code) for one in missing[:MOST_SHOWN])
        )
    if requirement.entry and requirement.entry not in requirement.text:
        lines.append(f"Call it {requirement.entry}.")
    return "\n\n".join(lines)


def _shown(code: str) -> str:
    return code if len(code) < 400 else code[:400] + " ..."


def _part_task(requirement: Requirement, part: Part, context: str) -> str:
    what = "class" if part.kind is Kind.CLASS else "function"
    lines = [f"The whole task, of which you write one part:\n\n{requirement.text}"]
    if context:
        lines.append(f"Already written:\n\n```{requirement.language}\n{context}\n```")
    shown = [one for one in requirement.examples if one.entry == part.name][:MOST_SHOWN]
    lines.append(
        f"Now write only the {what} `{part.name}` for the file {part.file}. "
        "What is already written can be used as it is; do not repeat it."
    )
    if part.task and part.task not in requirement.text:
        lines.append(part.task)
    if shown:
        lines.append("These must hold:\n" + "\n".join(_shown(one.code) for one in shown))
    return "\n\n".join(lines)


def _begun(requirement: Requirement, part: Part | None) -> str:
    """What is certain of the code: the stub, or the first line of the only function."""
    if requirement.stub and part is None:
        return _without_ending(requirement.stub) + "\n"
    only = part or (requirement.part if len(requirement.architecture.parts) == 1 else None)
    if only is None or only.params is None or only.kind is Kind.CLASS:
        return ""  # an import may have to come first: the fence alone is opened
    told = _told(part) if part else ""
    return f'{only.opening}\n    """{told}"""\n' if told else f"{only.opening}\n"


def _told(part: Part) -> str:
    """What the requirement says of a part, as its docstring: so the writer need not say it, and has it before it."""
    told = _description(part)
    return told if _fits_a_docstring(told) and not told.endswith('"') else ""


def _description(part: Part) -> str:
    """The requirement's words about a part without its signature; empty when they are too long."""
    text = re.sub(r"^[\s*#\u2022-]+|`", "", part.task)
    head, behind, rest = text.partition(f"{part.name}({part.params})")
    rest = (
        re.sub(r"^(?:\s*->\s*[\w.\[\], |]+?)?\s*[:\u2013\u2014-]+\s+", "", rest) if behind else head
    )
    told = " ".join(rest.split())
    return told if len(told) <= LONGEST_TOLD else ""


def _without_ending(stub: str) -> str:
    """The stub without a `pass` or `...` that stands for its body."""
    return re.sub(r"\n\s*(?:pass|\.\.\.)\s*$", "", stub.rstrip())


def code_in(
    text: str, begun: str, language: str, entry: str | None = None, *, whole: bool = False
) -> str:
    """The code of an answer that went on from `begun`, or that began anew; "" when it holds none.

    Where a function was asked for, its `entry`, demonstrations of it are left out, unless `whole` says that what stands
    around the definitions belongs to the code.
    """
    fences = list(_FENCE.finditer(text))
    first = _closing(text, 0, fences, language)
    before = text[:first]
    about = None if whole else entry
    if fences and (inside := _blocks(text, fences, language)):
        tagged = bool(fences[0]["tag"] or fences[0]["behind"])
        if _is_prose(text[: fences[0].start()], inside, begun, language, tagged=tagged):
            return _clean(inside, language, about)
    if begun:
        return _clean(_continued(begun, before, entry), language, about)
    if language == "python" and _PROSE.match(before.lstrip()) and not _parses(before):
        return ""
    return _clean(textwrap.dedent(before), language, about)


def _closing(text: str, start: int, fences: Sequence[re.Match[str]], language: str) -> int:
    """Where the code that begins at `start` ends: at the next fence that stands in no docstring of it."""
    ends = [*(fence.start() for fence in fences), len(text)]
    signs = ('"""', "'''") if language == "python" else ()
    whole = (end for end in ends if not any(text.count(sign, start, end) % 2 for sign in signs))
    return next(whole, ends[0])


def _blocks(text: str, fences: Sequence[re.Match[str]], language: str) -> str:
    """What stands in the first block in `language`, or in the first of all: "pip install ..." is another's."""
    found = list[tuple[str, str]]()
    at = 0
    while at < len(fences):
        start = fences[at].end() + 1
        behind = [one for one in fences[at + 1 :] if not one["behind"]]
        end = _closing(text, start, behind, language) if behind else len(text)
        tag = fences[at]["tag"] or fences[at]["behind"] or ""
        found.append((tag, textwrap.dedent(text[start:end])))
        at = next((n + 1 for n, one in enumerate(fences) if one.start() >= end), len(fences))
    own = [code for tag, code in found if not tag or spelt(tag) == language]
    return next((code for code in (*own, *(code for _, code in found)) if code.strip()), "")


def _is_prose(before: str, inside: str, begun: str, language: str, *, tagged: bool) -> bool:
    """Whether the first fence opens the code, and what stands before it is talk."""
    if not before.strip() or _PROSE.match(before.lstrip()):
        return True
    if begun:
        return False
    if language != "python":
        return tagged
    return not _parses(before) and (tagged or _parses(inside))


def _continued(begun: str, body: str, entry: str | None) -> str:
    """`begun` and the rest of it; the rest alone where the writer began anew."""
    anew = rf"(?:(?:(?:import|from)\s|@\w).*\n|\s*\n)*(?:async\s+)?def\s+{entry}\b"
    if entry and re.match(anew, body):
        return body
    if re.search(r"^ +", begun, re.MULTILINE):  # tabs behind blanks are an error
        body = re.sub(r"^\t+", lambda tabs: "    " * len(tabs[0]), body, flags=re.MULTILINE)
    code = begun + body
    if not _parses(trimmed(code)) and not body.startswith((" ", "\t", "\n")):
        return f"{begun}    {body}"  # some servers strip the blanks at an answer's start
    return code


def _clean(code: str, language: str, entry: str | None) -> str:
    code = code.strip("\n")
    if not code.strip():
        return ""
    return trimmed(code, entry) if language == "python" else code.rstrip() + "\n"


def _parses(code: str) -> bool:
    try:
        trees.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def trimmed(code: str, entry: str | None = None) -> str:
    """Python without what follows the code: prose, a cut last line, demonstrations of a function.

    As it is when nothing of it parses, so that the error can be told.
    """
    lines = trees.lines(code.rstrip())
    for end in range(len(lines), 0, -1):
        if len(lines) - end > 40:
            break
        kept = "\n".join(lines[:end])
        if _parses(kept):
            return _without_demonstrations(kept, entry) + "\n"
    return code.rstrip() + "\n"


def _without_demonstrations(code: str, entry: str | None) -> str:
    """Without top-level calls behind the definitions, where a function was asked for, and what a comment calls an example."""
    if not entry:
        return code
    tree, lines = trees.parse(code), trees.lines(code)
    told = (at for at, line in enumerate(lines) if _DEMONSTRATES.match(line))
    ends = max((node.end_lineno or 0 for node in tree.body if not _does(node)), default=0)
    if (at := next((one for one in told if one >= ends), None)) is not None and ends:
        lines = lines[:at]
    while (
        tree.body
        and (tree.body[-1].lineno > len(lines) or _shows(tree.body[-1]))
        and len(tree.body) > 1
    ):
        last = tree.body.pop()
        lines = lines[: last.lineno - 1]
    while lines and (lines[-1].startswith("#") or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines).rstrip()


def _does(node: ast.stmt) -> bool:
    """Whether a statement at the top may demonstrate: it defines and imports nothing."""
    return isinstance(
        node, ast.Assign | ast.Expr | ast.Assert | ast.For | ast.While | ast.With | ast.Try | ast.If
    )


def _shows(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Constant)

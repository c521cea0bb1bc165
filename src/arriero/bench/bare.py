"""What the same model writes without the pipeline: one chat completion, the code cut from its fence."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from arriero.apps.codegen import trees
from arriero.bench.problems import Asked, parses
from arriero.core.words import Message
from arriero.models.base import Generator, Prompt, complete

# The wording in which Qwen2.5-Coder's own scores on these benchmarks were taken (EvalPlus).
ONE = "Please provide a self-contained {language} script that solves the following problem in a markdown code block:"
LANGUAGES = {
    "js": "JavaScript", "ts": "TypeScript", "go": "Go", "java": "Java", "rs": "Rust", "cpp": "C++", "c": "C",
    "rb": "Ruby", "php": "PHP", "cs": "C#", "kt": "Kotlin",
}  # fmt: skip
REPAIR = "Please fix the bugs in this Python code and answer with the whole corrected code in a markdown code block."
MANY = (
    "Please write the Python files {names} that solve the following problem. "
    "Put each into its own markdown code block, with the file's name in the line before it:"
)
FENCE = re.compile(
    r"(?P<before>[^\n]*)(?:\n\s*)?^[ \t]*```[^\n]*\n(?P<code>.*?)(?:^[ \t]*```|\Z)",
    re.MULTILINE | re.DOTALL,
)
# A fence around the whole reply, with the fences of the code inside: it opens no code.
WRAPPED = re.compile(r"^[ \t]*```(?:markdown|md)[ \t]*\n(?=(?:.*\n)*?[ \t]*```\w)", re.MULTILINE)
# A line that is nothing but a file's name: "# book.py", "# File: book.py", "book.py (imports grades):".
HEADING = r"^[ \t]*(?:#+[ \t]*)?(?:file(?:name)?[ \t]*:?[ \t]*)?[`*]*(?P<file>{names})[`*]*(?:[ \t]*\([^)\n]*\))?[ \t]*:?[ \t]*$"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
MAX_TOKENS = 1_500  # of code (DESIGN §9)
WARM = 0.8  # samples beside the greedy answer; Chen et al., "Evaluating LLMs trained on code" (2021), for pass@10 and more
WITHIN_S = 900.0  # a slow machine is not what is measured


@dataclass(frozen=True, slots=True)
class Written:
    """What was delivered for a problem, and what it took. `ended` is stop, length, or the outcome of a run.

    `said` is the model's reply, or what the pipeline tells beside the code. Tokens are those of all calls.
    """

    files: Mapping[str, str]
    said: str = ""
    ended: str = "stop"
    tokens_in: int = 0
    tokens_out: int = 0
    calls: int = 1
    seconds: float = 0.0
    score: float | None = None
    times_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Bare:
    """A model alone: greedy with seed 0, else sampled."""

    generator: Generator
    max_tokens: int = MAX_TOKENS

    async def __call__(self, asked: Asked, seed: int = 0) -> Written:
        return await self.answer(question(asked), asked, seed)

    async def answer(self, content: str, asked: Asked, seed: int = 0) -> Written:
        """What it writes when it is asked `content`."""
        prompt = Prompt(
            (Message("user", content),),
            max_tokens=self.max_tokens,
            temperature=WARM if seed else 0.0,
            seed=seed,
        )
        begun = perf_counter()
        reply = await complete(self.generator, prompt, timeout_s=WITHIN_S)
        return Written(
            cut(reply.text, asked),
            reply.text,
            reply.finish,
            reply.tokens_in,
            reply.tokens_out,
            seconds=perf_counter() - begun,
        )


def question(asked: Asked) -> str:
    """The prompt of the bare model."""
    if asked.code:
        tests = (
            f"\n\nThese tests have to pass:\n\n```python\n{asked.shown}```" if asked.shown else ""
        )
        return f"{REPAIR}\n\n{asked.requirement}\n\n```python\n{asked.code}```{tests}\n"
    wanted = asked.requirement.strip("\n")
    told = f"```python\n{wanted}\n```" if parses(wanted) else wanted
    one = ONE.format(language=LANGUAGES.get(asked.main.rpartition(".")[2], "Python"))
    ask = MANY.format(names=" and ".join(asked.files)) if len(asked.files) > 1 else one
    return f"{ask}\n\n{told}\n"


def cut(said: str, asked: Asked) -> Mapping[str, str]:
    """The files in a reply. Of one file: the block that defines what was asked for, else the first.

    What a block runs beside its definitions (its own asserts and prints) is left out, as EvalPlus does: a
    wrong demonstration would else fail a right function, and the model would look worse than it is.
    """
    inside = WRAPPED.sub("", said)
    blocks = [
        (found["before"], found["code"])
        for found in FENCE.finditer(inside)
        if found["code"].strip()
    ]
    if not blocks:
        return {asked.main: said} if said.strip() else {}
    if len(asked.files) > 1:
        pieces = [one for before, code in blocks for one in _pieces(before, code, asked.files)]
        found = _by_name(pieces, asked.files)
        return {name: without_demonstrations(code) for name, code in found.items()}
    named = re.compile(rf"^\s*(?:def|class) {re.escape(asked.entry or '')}\b", re.MULTILINE)
    right = [code for _, code in blocks if asked.entry and named.search(code)]
    return {asked.main: without_demonstrations((right or [code for _, code in blocks])[0])}


def without_demonstrations(code: str) -> str:
    """Python without top-level asserts, bare expressions and `if __name__`; as it is when it does not parse."""
    if not parses(code):
        return code
    # Lines as Python counts them: a form feed or U+2028 within a text ends none.
    body, lines = trees.parse(code).body, code.rstrip("\n").split("\n")
    defines = any(isinstance(node, DEFINITIONS) for node in body)
    for node in reversed(body):
        if defines and _demonstrates(node):
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join([*lines, ""])


def _demonstrates(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return "__name__" in ast.unparse(node.test)
    return isinstance(node, ast.Assert | ast.Expr)


def _pieces(before: str, code: str, files: Sequence[str]) -> Sequence[tuple[str, str]]:
    """A block with what stands before it; one that holds several files under their names, each for itself.

    Small models often write all files into one block. That is a matter of form, and not what is measured.
    """
    names = "|".join(re.escape(file) for file in files)
    heads = list(re.finditer(HEADING.format(names=names), code, re.MULTILINE | re.IGNORECASE))
    if not heads:
        return [(before, code)]
    ends = [*(head.start() for head in heads[1:]), len(code)]
    first = code[: heads[0].start()]
    own = [(head["file"], code[head.end() : end]) for head, end in zip(heads, ends, strict=True)]
    return [(before, first), *own] if first.strip() else own


def _by_name(blocks: Sequence[tuple[str, str]], files: Sequence[str]) -> Mapping[str, str]:
    """Blocks by the name that stands before them or in their first line; the others in order."""
    found: dict[str, str] = {}
    rest = []
    for before, code in blocks:
        first = code.partition("\n")[0]
        place = f"{before} {first if first.lstrip().startswith('#') else ''}"
        name = next((file for file in files if file in place and file not in found), None)
        if name is None:
            rest.append(code)
        else:
            found[name] = code
    left = [file for file in files if file not in found]
    return found | dict(zip(left, rest, strict=False))

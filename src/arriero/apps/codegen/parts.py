"""Requirements of several parts: each is written by itself, beside what is there, and tried before the next.

The plan is the requirement's architecture, which rules made: small models plan badly and write single functions
well (notes in docs/codegen.md).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.base import Subject, Switches
from arriero.apps.codegen.judge.quality import quality
from arriero.apps.codegen.judge.report import Problem, Report
from arriero.apps.codegen.repair import put_right
from arriero.apps.codegen.repair_names import defined, module_of, unbound
from arriero.apps.codegen.requirement import Kind, Part, Requirement
from arriero.apps.codegen.select import Judged, agree, best_of, chosen, is_doubtful, is_wrong
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.workbench import Judgement, subject_of, tests_of, with_files
from arriero.apps.codegen.writer import Writer

QUICK = Switches(
    security=False, performance=False
)  # whether it runs; the whole is judged afterwards
SHOWN_WHOLE = 60  # lines: what is already written is shown as it is up to here, then as signatures

AMONG = 2  # the attempt at which a part is asked for with the whole task before it
CROSSED = 12  # combinations of versions that are tried when a caller's example fails
OTHERS = 3  # versions of a function that take part in them
MOST_TOLD = 4  # failures that the writer is told of

Try = Callable[[Subject, Switches], Awaitable[Report]]
Enough = Callable[[float], bool]  # whether the time for this share of the parts is gone
Versions = dict[str, list[Judged]]  # of each part, the chosen one first


async def built(
    writer: Writer, examine: Try, *, tries: int, temperature: float, enough: Enough
) -> Generated | None:
    """All parts in order, as one candidate. Each has `tries` answers at most, unless `enough` time is gone.

    What an answer says of other parts is left out: each is written, and tried, in its own turn. Where an example
    fails that calls several, their other versions are tried together.
    """
    requirement = writer.requirement
    files: dict[str, str] = {}
    versions: Versions = {}
    parts = requirement.architecture.parts
    for number, part in enumerate(parts):
        share = (number + 1) / len(parts)
        found = await _part(
            writer, part, files, examine, number,
            tries=tries, temperature=temperature, enough=partial(enough, share),
        )  # fmt: skip
        if found:
            versions[part.name] = found
            files[part.file] = merged(files.get(part.file, ""), found[0][0].code)
    if not files:
        return None
    return await _crossed(requirement, _whole(requirement, files), versions, examine)


def _whole(requirement: Requirement, files: Mapping[str, str]) -> Generated:
    main = main_of(requirement, files)
    files = {
        name: put_right(text, requirement, _others(files, name)) for name, text in files.items()
    }
    return Generated(
        code=files[main],
        language=requirement.language,
        complexity=requirement.complexity.value,
        main=main,
        files={name: text for name, text in files.items() if name != main},
        entry=requirement.entry if requirement.entry in defined(files[main]) else None,
    )


async def _part(
    writer: Writer,
    part: Part,
    files: Mapping[str, str],
    examine: Try,
    number: int,
    *,
    tries: int,
    temperature: float,
    enough: Callable[[], bool],
) -> list[Judged]:
    """The versions of a part, the chosen one first: of those that hold most, the one that most agree with.

    It is asked for by itself, at temperature 0 and then warm, and once as one part of the whole. The first whose
    examples hold and leave nothing open is the last, or the one with which another agrees wherever both were tried.
    """
    known: dict[str, Judged] = {}  # by their code, in the order in which they came
    has_examples = any(one.entry == part.name for one in writer.requirement.examples)
    by_itself = is_alone(part, writer.requirement)
    for attempt in range(max(1, tries)):
        if attempt and enough():
            break
        salt, warm = 100 * (number + 1) + attempt, temperature if attempt else None
        if by_itself and attempt != AMONG:
            usable, imports = usable_by(part, files, writer.requirement)
            code = await writer.alone(part, usable, imports, temperature=warm, salt=salt)
        else:
            context = shown(_others(files, part.file))
            above = opening_of(part, files, writer.requirement)
            code = await writer.part(part, context, above, temperature=warm, salt=salt)
        code = _own(code, part, files, writer.requirement.components)
        if not code.strip():
            continue
        others, again = [*known.values()], code in known
        if not again:
            known[code] = await _judged(writer.requirement, part, code, files, examine)
        if is_wrong(known[code][1]):
            continue
        is_told = has_examples and not is_doubtful(known[code][1])
        if is_told or again or any(_agree(one, known[code]) for one in others):
            break
    found = [*known.values()]
    right = [one for one in found if not one[1].report.blocked] or found
    best = best_of(right)
    first = chosen(best) if best else None
    return sorted(found, key=lambda one: (one[0] is not first, one not in best))


def _agree(one: Judged, other: Judged) -> bool:
    """Whether two versions give the same wherever both were tried, and neither is wrong."""
    return not is_wrong(one[1]) and agree([one, other])


def is_alone(part: Part, requirement: Requirement) -> bool:
    """Whether a part can be asked for by itself: a function in Python whose parameters are known."""
    is_function = part.kind is Kind.FUNCTION and part.params is not None
    return is_function and requirement.language == "python"


def usable_by(part: Part, files: Mapping[str, str], requirement: Requirement) -> tuple[str, str]:
    """What a part may call, as signatures, and the imports that bring it from other files."""
    own = _without(files.get(part.file, ""), part.name)
    others = {name: _without(text, part.name) for name, text in _others(files, part.file).items()}
    told = [_signatures(text).strip() for text in (*others.values(), own)]
    offered = {name: defined(text) & set(requirement.components) for name, text in others.items()}
    lines = [
        f"from {module_of(name)} import {', '.join(sorted(names - {part.name}))}"
        for name, names in offered.items()
        if names - {part.name}
    ]
    return "\n\n".join(filter(None, told)), "\n".join(lines)


async def _judged(
    requirement: Requirement, part: Part, code: str, files: Mapping[str, str], examine: Try
) -> Judged:
    """A version of a part beside what is there, with what its own examples say; a name that nobody binds is an error."""
    own = {**files, part.file: merged(_without(files.get(part.file, ""), part.name), code)}
    text = put_right(own[part.file], requirement, _others(own, part.file))
    made = Generated(code, requirement.language, main=part.file)
    shown = tuple(one for one in requirement.examples if one.entry == part.name)
    others = _others(own, part.file)
    subject = Subject(
        text, requirement.language, entry=part.name, files=others, main=part.file,
        tests=tests_of(replace(requirement, examples=shown), part.file, own),
    )  # fmt: skip
    report = await examine(subject, QUICK)
    # What an earlier part uses without binding it is not this one's fault.
    missing = unbound(text) - unbound(files.get(part.file, ""))
    if missing and not report.blocked:
        wrong = Problem(0, f"nothing binds {', '.join(sorted(missing))}", "unbound")
        report = replace(report, syntax=(*report.syntax, wrong))
    return made, Judgement(report, quality(report))


async def _crossed(
    requirement: Requirement, made: Generated, versions: Versions, examine: Try
) -> Generated:
    """`made`, or the same with other versions of a function whose example fails and of those that it calls.

    A description can be met by a callee's examples and yet not be what its caller needs; no writer is asked.
    """
    best = made
    share, wrong = await _tried(requirement, made, examine)
    parts = {one.name: one for one in requirement.architecture.parts}
    left = CROSSED
    for part in parts.values():
        called = [name for name in versions if name != part.name and calls(best, part.name, name)]
        for callee, its, own in _pairs(part.name, called, versions):
            if part.name not in wrong or left <= 0:
                break
            left -= 1
            changed = with_part(requirement, best, parts[callee], its)
            changed = with_part(requirement, changed, part, own)
            now, still = await _tried(requirement, changed, examine)
            if now > share:
                best, share, wrong = changed, now, still
    return best


def _pairs(name: str, called: Sequence[str], versions: Versions) -> Iterator[tuple[str, str, str]]:
    """What a function calls, another version of that, and a version of the function: the chosen ones first."""
    own = [one.code for one, _ in versions.get(name, ())[:OTHERS]]
    for callee in reversed(called):
        for other, _ in versions[callee][1:OTHERS]:
            for code in own:
                yield callee, other.code, code


def calls(made: Generated, name: str, other: str) -> bool:
    """Whether the function `name` uses the name `other`, as it is or of its module."""
    for text in (made.code, *made.files.values()):
        try:
            body = trees.parse(text).body
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in body:
            if getattr(node, "name", None) == name:
                words = {getattr(one, "id", getattr(one, "attr", "")) for one in ast.walk(node)}
                return other in words
    return False


async def _tried(
    requirement: Requirement, made: Generated, examine: Try
) -> tuple[float, frozenset[str]]:
    """The share of all examples that hold, and the parts whose examples fail."""
    report = await examine(subject_of(requirement, made), QUICK)
    return _share(report), failing(requirement, report)


def failing(requirement: Requirement, report: Report) -> frozenset[str]:
    """The parts whose examples do not hold."""
    entries = _entries(requirement)
    return frozenset(entries[one.name] for one in report.tests.failed if one.name in entries)


def _entries(requirement: Requirement) -> Mapping[str, str]:
    """Which part each example calls, by the name of its test."""
    return {f"example {number}": one.entry for number, one in enumerate(requirement.examples, 1)}


def mendable(requirement: Requirement, report: Report) -> list[Part]:
    """The functions whose examples fail and that can be asked for by themselves."""
    wrong = failing(requirement, report)
    parts = requirement.architecture.parts
    return [one for one in parts if one.name in wrong and is_alone(one, requirement)]


async def mended(
    writer: Writer,
    examine: Try,
    made: Generated,
    report: Report,
    *,
    turn: int,
    tries: int,
    temperature: float,
    enough: Callable[[], bool],
) -> Generated | None:
    """`made` with other versions of the functions whose examples fail by its `report`; None when none is better.

    Each function in its order, callees before their callers, has up to `tries` answers. The first is told what is
    wrong; a small writer often gives the same version back then, so the further ones are asked for anew.
    """
    requirement = writer.requirement
    best, share = made, _share(report)
    for number, part in enumerate(requirement.architecture.parts):
        if part not in mendable(requirement, report):
            continue
        entries = _entries(requirement)
        told = [one.told for one in report.tests.failed if entries.get(one.name) == part.name]
        for attempt in range(max(1, tries)):
            if enough():
                break
            files = {best.main: best.code, **best.files}
            usable, imports = usable_by(part, files, requirement)
            before = "" if attempt else definition(files.get(part.file, ""), part.name)
            code = await writer.alone(
                part, usable, imports, wrong=told[:MOST_TOLD], before=before,
                temperature=temperature if attempt else None,
                salt=1_000 * turn + 100 * number + attempt,
            )  # fmt: skip
            code = _own(code, part, {}, requirement.components)
            if part.name not in defined(code):
                continue
            changed = with_part(requirement, best, part, code)
            now = await examine(subject_of(requirement, changed), QUICK)
            if _share(now) > share:
                best, share, report = changed, _share(now), now
            if part.name not in failing(requirement, report):
                break
    return best if best is not made else None


def _share(report: Report) -> float:
    """The share of all examples that hold; -1 where it may not be run, 1 without any."""
    if report.blocked:
        return -1.0
    return 1.0 if report.tests.ratio is None else report.tests.ratio


def with_part(requirement: Requirement, made: Generated, part: Part, code: str) -> Generated:
    """`made` with `code` in place of what it has of `part`."""
    files = {made.main: made.code, **made.files}
    files[part.file] = merged(_without(files.get(part.file, ""), part.name), code)
    files[part.file] = put_right(files[part.file], requirement, _others(files, part.file))
    return with_files(made, files)


def definition(code: str, name: str) -> str:
    """What `code` has of the function or class `name`, as it is written; empty when it has none."""
    lines = _lines_of(code, name)
    return "\n".join(trees.lines(code)[slice(*lines)]) if lines else ""


def _without(code: str, name: str) -> str:
    """`code` without its definition of `name`."""
    lines = _lines_of(code, name)
    if lines is None:
        return code
    whole = trees.lines(code)
    del whole[slice(*lines)]
    return "\n".join(whole).strip() + "\n"


def _lines_of(code: str, name: str) -> tuple[int, int] | None:
    try:
        body = trees.parse(code).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    for node in body:
        if getattr(node, "name", None) == name:
            return _first_line(node) - 1, node.end_lineno or node.lineno
    return None


def _first_line(node: ast.stmt) -> int:
    """Where a statement begins, with its decorators."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def opening_of(part: Part, files: Mapping[str, str], requirement: Requirement) -> str:
    """What stands before a part in its file: imports of what it is to use from other files, and what is there.

    To use is what the part's own words name; the last part, which brings the others together, may use all of them.
    """
    there = files.get(part.file, "")
    is_last = part.name == requirement.architecture.parts[-1].name
    lines = []
    for name, text in _others(files, part.file).items():
        offered = defined(text) & set(requirement.components) - defined(there)
        named = {one for one in offered if re.search(rf"\b{re.escape(one)}\b", part.task)}
        if use := sorted(named or (offered if is_last else ())):
            lines.append(f"from {module_of(name)} import {', '.join(use)}")
    return merged(there, "\n".join(lines)) if lines and there else "\n".join(lines) or there


def _own(code: str, part: Part, files: Mapping[str, str], components: Sequence[str] = ()) -> str:
    """`code` without what other files define already, from where it is imported, and without other `components`."""
    elsewhere = {
        name for file, text in files.items() if file != part.file for name in defined(text)
    }
    elsewhere = (elsewhere | set(components)) - {part.name}
    try:
        tree = trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return code
    again = [node for node in tree.body if getattr(node, "name", None) in elsewhere]
    lines = trees.lines(code)
    for node in reversed(again):
        del lines[_first_line(node) - 1 : node.end_lineno]
    return "\n".join(lines).strip() + "\n" if again else code


def merged(there: str, code: str) -> str:
    """A file with another part behind what is there: imports at the top, nothing defined twice."""
    if not there.strip():
        return code.strip() + "\n"
    try:
        old, new = trees.parse(there), trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return f"{there.rstrip()}\n\n\n{code.strip()}\n"
    known = defined(there)
    lines, whole = trees.lines(code), trees.lines(there.rstrip())
    imports, rest = list[str](), list[str]()
    have = {ast.unparse(node) for node in old.body if isinstance(node, ast.Import | ast.ImportFrom)}
    at = 0
    for node in new.body:
        text = "\n".join(lines[max(at, _first_line(node) - 1) : node.end_lineno])
        at = node.end_lineno or at
        if isinstance(node, ast.Import | ast.ImportFrom):
            if ast.unparse(node) not in have:
                imports.append(ast.unparse(node))
        elif getattr(node, "name", None) not in known:
            rest.append(text)
    return "\n".join([*imports, *whole, "", "", "\n\n\n".join(rest)]) + "\n"


def shown(files: Mapping[str, str]) -> str:
    """What is already written, as it is while it is short, else as signatures with their docstrings."""
    whole = "\n\n".join(f"# {name}\n{text.strip()}" for name, text in files.items())
    if whole.count("\n") <= SHOWN_WHOLE:
        return whole
    return "\n\n".join(f"# {name}\n{_signatures(text)}" for name, text in files.items())


def _signatures(code: str) -> str:
    try:
        tree = trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            said = ast.get_docstring(node)
            node.body = [ast.Expr(ast.Constant(said or ...))]
    return ast.unparse(tree)


def main_of(requirement: Requirement, files: Mapping[str, str]) -> str:
    """The file that is tested: one that everything can be reached from is the last, else the entry's own."""
    part = requirement.part
    if part is not None and part.file in files:
        return part.file
    return next(reversed([*files]))


def _others(files: Mapping[str, str], name: str) -> dict[str, str]:
    return {other: text for other, text in files.items() if other != name}

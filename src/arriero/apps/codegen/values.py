"""What passes between the stages of a code generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from arriero.apps.codegen.gather.snippet import Found, Snippet
from arriero.apps.codegen.judge.quality import Term
from arriero.apps.codegen.requirement import Requirement

Seen = Requirement  # what was understood is the requirement record itself


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the code may rest on. `kept` is an answer to the same question that was shipped before.

    `found` is what was looked up, the best first, `shown` what of it the writer sees; `missing` says, in
    sentences, what could not be looked up, `left` what of the caller's repository was not read. `sources` names
    the fingerprints that the code is compared with. `own`: a repository was given.
    """

    kept: Generated | None = None
    found: tuple[Found, ...] = ()
    shown: tuple[Snippet, ...] = ()
    missing: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    sources: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """The answer. `code` is the file `main`, `files` are the others of the same project.

    `decision` is `ship`, `ship with warnings` or `refuse` (then the code is withheld), or empty when nothing
    came to be judged. `validation_score` is from 0 to 10, the sum of `terms` under `cap`. `executed` says
    whether anything was run; `questions` are asked instead of an answer. `dependencies` are the packages beside the
    language itself, with the version where one is installed here. `cut`: the writer stopped by length.
    """

    code: str = ""
    documentation: str = ""
    validation_score: float = 0.0
    language: str = "python"
    complexity: str = "simple"
    decision: str = ""
    main: str = "main.py"
    files: Mapping[str, str] = field(default_factory=dict)
    tests: str = ""
    entry: str | None = None
    executed: bool = False
    terms: tuple[Term, ...] = ()
    cap: str = ""
    warnings: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    cut: bool = False

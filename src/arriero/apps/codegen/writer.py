"""Asks the writer, and makes candidates of what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from arriero.apps.codegen.draft import Opened, Slant, alone, asked, code_in, corrected
from arriero.apps.codegen.gather.prompt import with_snippets
from arriero.apps.codegen.gather.snippet import Snippet
from arriero.apps.codegen.repair import put_right, with_helpers
from arriero.apps.codegen.repair_rest import with_rest
from arriero.apps.codegen.requirement import Kind, Part, Requirement
from arriero.apps.codegen.requirement_words import SUFFIXES
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.wanted import Wanted
from arriero.core.errors import ModelError
from arriero.flow import Turn
from arriero.models.base import Reply

ROLE = "writer"
# A script may end in what a function's answer must not go on to; the fence ends both.
_DEMONSTRATION = ("\nif __name__", "\nassert ", "\nprint(")
_NEXT = ("\ndef ", "\nclass ")  # one part's answer ends where the next part would begin


@dataclass(frozen=True, slots=True)
class Writer:
    """The role `writer` of one turn. `opened`: it goes on from an answer that was begun for it.

    `shown` is code that it may look at; a correction is asked for without it.
    """

    turn: Turn[Wanted]
    requirement: Requirement
    opened: bool
    shown: tuple[Snippet, ...] = ()

    async def whole(
        self,
        *,
        temperature: float | None = None,
        salt: int = 0,
        slant: Slant = Slant.PLAIN,
    ) -> Generated | None:
        """The whole requirement in one answer; None when the writer gave no code."""
        prompt = asked(self._system, self.requirement, opened=self.opened, slant=slant)
        prompt = with_snippets(prompt, self.shown)
        return await self._made(prompt, self.requirement.entry, temperature, salt)

    async def again(
        self,
        made: Generated,
        wrong: Sequence[str],
        *,
        temperature: float | None = None,
        salt: int = 0,
    ) -> Generated | None:
        """Another try at the file `main`, told what is wrong with it."""
        prompt = corrected(self._system, self.requirement, made.code, wrong, opened=self.opened)
        other = await self._made(prompt, self.requirement.entry, temperature, salt)
        if other is None:
            return None
        language = self.requirement.language
        if self.requirement.given:
            code = with_rest(other.code, made.code, language)
        else:
            code = with_helpers(other.code, made.code)
        code = put_right(code, self.requirement, made.files)
        return replace(other, code=code, main=made.main, files=made.files)

    async def part(
        self,
        part: Part,
        context: str,
        above: str = "",
        *,
        temperature: float | None = None,
        salt: int = 0,
    ) -> str:
        """The code of one part beside what is already written, `above` it in its own file; "" when there is none."""
        prompt = asked(
            self._system,
            self.requirement,
            opened=self.opened,
            part=part,
            context=context,
            above=above,
        )
        prompt = with_snippets(prompt, self.shown)
        ends = _NEXT if prompt.begun.startswith(("def ", "async def ")) else ()
        reply = await self._reply(prompt, temperature, salt, ends)
        return code_in(reply.text, prompt.begun, self.requirement.language, part.name)

    async def alone(
        self,
        part: Part,
        usable: str,
        imports: str = "",
        *,
        wrong: Sequence[str] = (),
        before: str = "",
        temperature: float | None = None,
        salt: int = 0,
    ) -> str:
        """The code of one function that is asked for by itself; with `before`, anew for what is `wrong` in it."""
        prompt = alone(
            self._system,
            self.requirement,
            part,
            usable,
            imports,
            opened=self.opened,
            wrong=wrong,
            before=before,
        )
        reply = await self._reply(prompt, temperature, salt, _NEXT if prompt.begun else ())
        return code_in(reply.text, prompt.begun, self.requirement.language, part.name)

    async def _made(
        self, prompt: Opened, entry: str | None, temperature: float | None, salt: int
    ) -> Generated | None:
        reply = await self._reply(prompt, temperature, salt)
        code = code_in(
            reply.text, prompt.begun, self.requirement.language, entry, whole=self._whole
        )
        if not code.strip():
            return None
        return candidate(self.requirement, code, cut=reply.finish == "length")

    async def _reply(
        self, prompt: Opened, temperature: float | None, salt: int, ends: tuple[str, ...] = ()
    ) -> Reply:
        turn, models = self.turn, self.turn.models
        bound = models.prompt(ROLE, prompt.messages, seed=(turn.seed + salt) & 0x7FFFFFFF)
        stop = bound.stop
        if self._whole or self.requirement.language != "python":
            stop = tuple(one for one in stop if one not in _DEMONSTRATION)
        bound = replace(
            bound,
            stop=(*stop, *ends),
            temperature=bound.temperature if temperature is None else temperature,
        )
        pieces = models.stream(ROLE, bound, timeout_s=turn.remaining())
        async with aclosing(pieces):  # type: ignore[type-var]  # every stream is an async generator
            async for piece in pieces:
                if piece.reply is not None:
                    return piece.reply
        raise ModelError("the writer ended its stream without a reply; see its log")

    @property
    def _whole(self) -> bool:
        """Whether what stands around the definitions belongs to the code: it is a script, or the given code has such lines."""
        given = f"\n{self.requirement.given}"
        return self.requirement.kind is Kind.SCRIPT or any(one in given for one in _DEMONSTRATION)

    @property
    def _system(self) -> str:
        return self.turn.variant.prompts["system"]


def candidate(
    requirement: Requirement, code: str, *, main: str | None = None, cut: bool = False
) -> Generated:
    """One file as a candidate, with what can be put right at once put right."""
    files = requirement.architecture.files
    # A script is run as it is started, unless examples call what is in it.
    starts = requirement.kind is Kind.SCRIPT and not requirement.examples
    return Generated(
        code=put_right(code, requirement),
        language=requirement.language,
        complexity=requirement.complexity.value,
        main=main or (files[-1] if len(files) == 1 else None) or _main(requirement),
        entry=None if starts else requirement.entry,
        cut=cut,
    )


def _main(requirement: Requirement) -> str:
    return f"main.{SUFFIXES.get(requirement.language, 'txt')}"

"""What comes in: a requirement in words, and what is fixed about the code that it asks for."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from arriero.apps.codegen.gather.repository import Repository
from arriero.apps.codegen.requirement_asserts import read_tests
from arriero.apps.codegen.requirement_guard import without_secrets
from arriero.apps.codegen.requirement_words import language_of
from arriero.core.errors import InputError


class Switched(BaseModel):
    """Checks that may be left out; one that is left out is named in the answer and caps its score."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    syntax: bool = True
    security: bool = True
    performance: bool = True


class Wanted(BaseModel):
    """The input of code generation.

    Keys and passwords in the texts are replaced before anything keeps or reads them. Other private values
    are not: the strings and numbers of a requirement are its examples, and a masked example is a wrong test.

    With `code`, that code is judged and improved first. `tests` are asserts or test functions in Python, for another
    language asserts of calls, in its own words or in Python's; like the examples in `requirement` they decide what is
    delivered. `packages` may be imported beside the standard library. `repository` is code of the caller's that the
    writer may look at; the run keeps what was found in it, not the files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    requirement: str = Field(min_length=1, max_length=50_000, pattern=r"\S")
    language: str | None = Field(default=None, max_length=40)
    framework: str | None = Field(default=None, max_length=80)
    entry: str | None = Field(default=None, max_length=200, pattern=r"^[^\W\d]\w*$")
    code: str | None = Field(default=None, max_length=100_000)
    tests: str | None = Field(default=None, max_length=100_000)
    file: str | None = Field(default=None, max_length=200, pattern=r"^[\w-]+(?:\.\w+)?$")
    packages: tuple[str, ...] = Field(default=(), max_length=50)
    forbidden: tuple[str, ...] = Field(default=(), max_length=50)
    checks: Switched = Switched()
    repository: Repository | None = Field(default=None, exclude=True)
    conversation: str | None = Field(default=None, max_length=128)

    @field_validator("tests")
    @classmethod
    def _tests_something(cls, value: str | None, told: ValidationInfo) -> str | None:
        try:
            if value is not None:
                read_tests(
                    value, language_of(told.data.get("requirement", ""), told.data.get("language"))
                )
        except InputError as error:
            raise ValueError(error.message) from None
        return value

    @field_validator("requirement", "code", "tests")
    @classmethod
    def _keeps_no_secret(cls, value: str | None) -> str | None:
        return None if value is None else without_secrets(value)

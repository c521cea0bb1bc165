"""One error body everywhere: `{"error": {"message", "type", "param", "code"}}`, as OpenAI's API has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from arriero.core.errors import ArrieroError
from arriero.server.replies import JSON, to_body

RETRY_AFTER_S = "1"  # a slot or the queue before a model frees in about the time of an answer
SHOWN = 60  # characters of a wrong value that a message repeats


class ErrorDetail(BaseModel):
    """What went wrong, with which value, and what to do next."""

    message: str
    type: str
    param: str | None
    code: str


class ErrorBody(BaseModel):
    """The body of every response that is not 2xx."""

    error: ErrorDetail


class EdgeError(ArrieroError):
    """A request that the edge itself refuses."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


class ClientGone(Exception):
    """The client closed the connection before its answer was there: nobody is left to be told."""


def describe(error: ArrieroError) -> dict[str, Any]:
    """The error body of `error`."""
    return body(error.status, error.code, error.message, error.param)


def body(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """An error body; its `type` follows from the status."""
    return {
        "error": {"message": message, "type": _type(status), "param": param, "code": code},
    }


def unexpected(request_id: str) -> dict[str, Any]:
    """The body of a 500: it names the request for the log, and nothing of the inside."""
    return body(
        500,
        "internal_error",
        f"something went wrong here that should not; the server's log has it under {request_id!r}",
    )


def response(error: ArrieroError) -> Response:
    """The HTTP response that tells `error`, with the headers its status asks for."""
    headers = dict(error.headers) if isinstance(error, EdgeError) else {}
    if error.status == 429:
        headers.setdefault("retry-after", RETRY_AFTER_S)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(to_body(describe(error)), error.status, headers, JSON)


def install(app: FastAPI) -> None:
    """Make the framework's own refusals look like ours."""
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)


async def _invalid(request: Request, error: RequestValidationError) -> Response:  # noqa: ARG001
    problems = error.errors()
    message = "; ".join(_sentence(problem) for problem in problems[:3])
    param = _field(problems[0]["loc"]) or None
    return Response(to_body(body(400, "invalid_request_error", message, param)), 400, {}, JSON)


async def _http(request: Request, error: HTTPException) -> Response:
    path, method = request.url.path, request.method
    code, message = "invalid_request_error", str(error.detail)
    if error.status_code == 404:
        code, message = "not_found", f"there is nothing at {path!r}; see /openapi.json"
    elif error.status_code == 405:
        code = "method_not_allowed"
        message = f"{path!r} does not take {method}; it takes {(error.headers or {}).get('Allow')}"
    told = to_body(body(error.status_code, code, message))
    return Response(told, error.status_code, dict(error.headers or {}), JSON)


def _sentence(problem: Mapping[str, Any]) -> str:
    field, kind, given = _field(problem["loc"]), problem["type"], problem.get("input")
    if kind == "json_invalid":
        return f"the body is not JSON: {problem['ctx']['error']} at character {problem['loc'][-1]}"
    if kind == "missing" and not field:
        return "the body is missing; send a JSON object"
    if kind == "missing":
        return f"field {field!r} is missing; add it"
    if kind == "extra_forbidden":
        return f"there is no field {field!r}; remove it, or see /openapi.json for the names"
    said = str(problem["msg"]).removeprefix("Value error, ")
    return f"{field or 'the body'!r}: {said[:1].lower()}{said[1:]}, not {_shown(given)}"


def _field(location: Sequence[int | str]) -> str:
    """`body.messages.0.role` as `messages[0].role`."""
    path = ""
    for part in location[1:]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _type(status: int) -> str:
    if status == 401:
        return "authentication_error"
    if status == 429:
        return "rate_limit_error"
    return "invalid_request_error" if status < 500 else "server_error"

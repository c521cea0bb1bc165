"""The published description: the same error body at every operation, the key where it is needed."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from arriero.server.errors import ErrorBody
from arriero.server.security import KEYED

REFUSALS = {
    400: "The request cannot be used; `param` names the field.",
    401: "The API key is missing or not known.",
    404: "There is no such thing.",
    409: "The Idempotency-Key was used with another body.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    421: "This server does not answer for that Host.",
    429: "A model's queue is full; come back after `retry-after` seconds.",
    500: "A bug of ours; the log has it under `x-request-id`.",
    503: "Too busy, or the ledger or a model cannot be reached.",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": says} for status, says in REFUSALS.items()
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of `app`, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["key"] = {"type": "http", "scheme": "bearer"}
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                _finish(path, method, operation)
        for unused in ("HTTPValidationError", "ValidationError"):
            document["components"].get("schemas", {}).pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema


def _finish(path: str, method: str, operation: dict[str, Any]) -> None:
    """Validation errors are 400 here, `/v1` needs a key, a POST takes an Idempotency-Key."""
    operation["responses"].pop("422", None)
    if path.startswith(KEYED):
        operation.setdefault("security", [{"key": []}])  # a route that says otherwise checks itself
    if method == "post":
        operation.setdefault("parameters", []).append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same key and body give the same response again.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 128},
            }
        )

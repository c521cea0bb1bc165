"""Every error Arriero raises on purpose.

ArrieroError
 ├─ InputError            what the caller sent cannot be used            (HTTP 400)
 │   ├─ TooLarge          ... is larger than allowed                     (HTTP 413)
 │   └─ Conflict          ... contradicts what is already there          (HTTP 409)
 ├─ NotFound              the thing named does not exist                 (HTTP 404)
 ├─ Unauthenticated       no key, or a wrong one                         (HTTP 401)
 ├─ SettingsError         arriero.toml or a flag is wrong                (exit 2)
 ├─ MissingExtra          an optional package is not installed           (exit 2)
 ├─ StoreError            the ledger, cache or another store failed      (HTTP 503)
 ├─ ModelError            a model could not answer                       (HTTP 503)
 │   ├─ ModelMissing      the model is not pulled                        (HTTP 503)
 │   ├─ ModelBusy         the queue before the model is full             (HTTP 429)
 │   ├─ ModelTimeout      no whole answer before the deadline            (HTTP 504)
 │   ├─ PromptTooLong     the prompt does not fit into the model         (HTTP 400)
 │   └─ ModelCorrupt      the file is not what the catalogue says        (exit 2)
 ├─ StageFailed           a stage of an app gave up; the flow falls back
 └─ Busy                  this data folder or port is in use             (exit 2)

A message says what happened, with which value, and what to do next.
"""

from __future__ import annotations


class ArrieroError(Exception):
    """Root of the tree: catch this to catch everything Arriero raises on purpose."""

    status = 500
    code = "internal_error"

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param


class InputError(ArrieroError):
    status = 400
    code = "invalid_request_error"


class TooLarge(InputError):
    status = 413
    code = "too_large"


class Conflict(InputError):
    status = 409
    code = "conflict"


class NotFound(ArrieroError):
    status = 404
    code = "not_found"


class Unauthenticated(ArrieroError):
    status = 401
    code = "invalid_api_key"


class SettingsError(ArrieroError):
    code = "settings_error"


class MissingExtra(ArrieroError):
    code = "missing_extra"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed; run: pip install 'arriero[{extra}]'")


class StoreError(ArrieroError):
    status = 503
    code = "store_unavailable"


class ModelError(ArrieroError):
    status = 503
    code = "model_error"


class ModelMissing(ModelError):
    code = "model_missing"

    def __init__(self, name: str) -> None:
        super().__init__(f"model {name!r} is not here yet; run: arriero models pull {name}")
        self.model = name


class ModelBusy(ModelError):
    status = 429
    code = "model_busy"


class ModelTimeout(ModelError):
    status = 504
    code = "model_timeout"


class PromptTooLong(ModelError):
    status = 400
    code = "context_length_exceeded"


class ModelCorrupt(ModelError):
    code = "model_corrupt"


class StageFailed(ArrieroError):
    """Raised by an app's stage; the flow turns it into a fallback with this reason."""

    code = "stage_failed"


class Busy(ArrieroError):
    code = "busy"

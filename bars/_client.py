"""The cheap HTTP client of `arriero demo chaos`, which the bars use too."""

from arriero.bench.wire import FEEDBACK, INQUIRIES, Answer, Connection, connected, get, post

__all__ = ["FEEDBACK", "INQUIRIES", "Answer", "Connection", "connected", "get", "post"]

"""Pages for people over the API: static files that know no rule and hold no data.

`pages()` gives the routes; `arriero.server.create` serves them beside the API.
"""

from arriero.console.files import pages

__all__ = ["pages"]

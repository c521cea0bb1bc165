"""Holds the code under test: imports it when asked, answers what the tests ask. Argv: two descriptors."""

import os
import sys

sys.path[0] = "/inside"
from wire import Peer  # noqa: E402

sys.path[0] = "/work"
reads, writes = (int(word) for word in sys.argv[1:3])
sys.argv = ["main.py"]
Peer(os.fdopen(reads, "rb"), os.fdopen(writes, "wb"), serves_all=True).serve_until_gone()

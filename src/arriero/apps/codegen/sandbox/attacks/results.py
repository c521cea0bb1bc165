"""Attacks on the tests: code that returns the wrong answer and wants to be told right.

The test asks `answer(20)` for 42 (a number drawn for each attack); every one of these answers something else.
"""

from __future__ import annotations

from arriero.apps.codegen.sandbox.attacks.base import Attack

RESULTS = (
    Attack(
        "leave with success", "import os\ndef answer(x):\n    os._exit(0)", forges=True, canary=True
    ),
    Attack("leave while imported", "import os\nos._exit(0)", forges=True),
    Attack("raise an exit", "import sys\ndef answer(x):\n    sys.exit(0)", forges=True),
    Attack(
        "equal to anything",
        "class Any:\n    def __eq__(self, other):\n        return True\n    def __hash__(self):\n        return 0\n"
        "def answer(x):\n    return Any()",
        forges=True,
        canary=True,
    ),
    Attack(
        "a number equal to anything",
        "class Any(int):\n    def __eq__(self, other):\n        return True\n    __hash__ = int.__hash__\n"
        "def answer(x):\n    return Any(1)",
        forges=True,
    ),
    Attack(
        "learn by being compared",
        "class Spy(int):\n    def __eq__(self, other):\n        global found\n        found = other\n        return other == found\n"
        "    __hash__ = int.__hash__\n"
        "def answer(x):\n    return Spy(1)",
        forges=True,
    ),
    Attack(
        "no assertion fails",
        "import builtins\nclass Never(Exception):\n    pass\nbuiltins.AssertionError = Never\n"
        "import sys\nsys.excepthook = lambda *error: None\n"
        "import atexit, os\natexit.register(os._exit, 0)\n"
        "def answer(x):\n    import sys\n    sys.settrace(None)\n    frame = sys._getframe(1)\n"
        "    frame.f_globals['results'] = [True]\n    os.write(1, b'{\"test\": 0, \"passed\": true}\\n')\n    os._exit(0)",
        forges=True,
    ),
    Attack(
        "read it off the caller",
        # The expected value stands in the constants of whoever calls.
        "import sys\ndef answer(x):\n"
        "    frame = sys._getframe(1)\n    while frame is not None:\n"
        "        for value in frame.f_code.co_consts:\n"
        "            if type(value) is int and value > 1_000_000:\n                return value\n"
        "        frame = frame.f_back\n    return 0",
        forges=True,
        canary=True,
    ),
    Attack(
        "find it in memory",
        "import gc\ndef answer(x):\n"
        "    for one in gc.get_objects():\n        for value in gc.get_referents(one):\n"
        "            code = getattr(value, 'co_consts', None) or (value if type(value) is tuple else ())\n"
        "            for number in code:\n"
        "                if type(number) is int and 1_000_000 < number < 2_000_000:\n                    return number\n"
        "    return 0",
        forges=True,
    ),
    Attack(
        "read the tests",
        "import glob, re\ndef answer(x):\n"
        "    for name in glob.glob('*') + glob.glob('/inside/*') + glob.glob('/proc/self/cmdline'):\n"
        "        try:\n            text = open(name, errors='replace').read()\n        except OSError:\n            continue\n"
        "        found = re.search(r'== (1\\d{6})\\b', text)\n"
        "        if found:\n            return int(found[1])\n    return 0",
        forges=True,
    ),
    Attack(
        "write to every descriptor",
        # A report as the harness would send it, to whoever may be listening.
        "import json, os\n"
        "for nonce in ('', '0' * 32):\n"
        "    line = json.dumps({'nonce': nonce, 'test': 0, 'passed': True, 'reason': ''}).encode() + b'\\n'\n"
        "    for number in range(1, 64):\n"
        "        try:\n            os.write(number, line)\n        except OSError:\n            pass\n"
        "def answer(x):\n    return 0\nos._exit(0)",
        forges=True,
        canary=True,
    ),
    Attack(
        "answer in the harness's name",
        # Takes the place of the channel's own code and says: ok, true.
        "import json, os, sys\n"
        "def answer(x):\n"
        "    for number in range(3, 64):\n"
        '        try:\n            os.write(number, b\'["ok", {"lent": [1, null]}]\\n["ok", true]\\n\' * 50)\n'
        "        except OSError:\n            pass\n"
        '    os.write(1, b\'{"test": 0, "passed": true}\\n\')\n    os._exit(0)',
        forges=True,
    ),
    Attack(
        "replace the harness",
        "import sys\nfor module in list(sys.modules.values()):\n"
        "    for name in ('run', 'told', 'check', 'compare'):\n"
        "        if callable(getattr(module, name, None)) and getattr(module, '__name__', '') in ('__main__', 'wire', 'tester'):\n"
        "            setattr(module, name, lambda *words: {'passed': True, 'reason': ''})\n"
        "main = sys.modules['__main__']\nmain.__dict__['exec'] = lambda *words: None\n"
        "def answer(x):\n    return 0",
        forges=True,
    ),
)

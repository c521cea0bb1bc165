"""Runs the tests, each in names of its own, against code in another box, and reports each result.

Argv: descriptors to read from and write to the code, to report on, and to read the order from. A report
is a line of JSON with the order's nonce, which was never where the code under test is.
"""

import builtins
import json
import os
import sys

sys.path[0] = "/inside"
from wire import Gone, Peer, module_of  # noqa: E402


def names_in(code):
    """Every name that a test uses, in the functions in it too."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            found |= names_in(constant)
    return found


def offered(module, code):
    """What of the test's names the code under test has; a name that Python has (`abs`) stays Python's."""
    found = {}
    for name in names_in(code):
        if not hasattr(builtins, name) and not name.startswith("__"):
            try:
                found[name] = getattr(module, name)
            except AttributeError:
                continue
    return found


def finished_already():
    """`asyncio.run` of what the other side has waited for gives it as it is."""
    import asyncio  # noqa: PLC0415  # only for tests that name it

    run = asyncio.run
    asyncio.run = lambda main, **more: run(main, **more) if asyncio.iscoroutine(main) else main


def told(error):
    """`AssertionError: too small (line 3)`."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename != "test":
        frame = frame.tb_next
    return f"{text[:1000]} (line {frame.tb_lineno})" if frame is not None else text[:1000]


def run(test, peer, module):
    """Whether it passed, and why not. Whatever a test raises is a failure, an exit as well."""
    peer.objects = test["objects"]
    try:
        code = compile(test["code"], "test", "exec")
        exec(code, {"__name__": "tests", **offered(module, code)})  # noqa: S102  # the box is there for that
    except Gone as error:
        return {"passed": False, "reason": str(error)}
    except BaseException as error:
        return {"passed": False, "reason": told(error)}
    return {"passed": True, "reason": ""}


def main():
    """Import the code under test, then one report a test."""
    reads, writes, reports, orders = (int(word) for word in sys.argv[1:5])
    with os.fdopen(orders, "rb") as file:
        order = json.load(file)
    sys.argv = ["tests"]
    report = os.fdopen(reports, "w")
    peer = Peer(os.fdopen(reads, "rb"), os.fdopen(writes, "wb"), serves_all=False)
    if any("pytest" in test["code"] for test in order["tests"]):
        import testing  # noqa: PLC0415  # only for tests that name it, and before a module of that name

        testing.offer()
    for name in sorted(order["modules"]):
        sys.modules[name] = module_of(peer, name)
        parent, _, child = name.rpartition(".")
        if parent in order["modules"]:
            setattr(sys.modules[parent], child, sys.modules[name])
    if any("asyncio" in test["code"] for test in order["tests"]):
        finished_already()
    module, failed = sys.modules[order["module"]], ""
    try:
        peer.ask("module", order["module"])
    except Gone as error:
        failed = f"while it was imported: {error}"
    except BaseException as error:
        failed = f"while it was imported: {told(error)}"
    for number, test in enumerate(order["tests"]):
        result = {"passed": False, "reason": failed} if failed else run(test, peer, module)
        report.write(json.dumps(result | {"nonce": order["nonce"], "test": number}) + "\n")
        report.flush()


main()

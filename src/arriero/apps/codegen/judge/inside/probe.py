"""Tries the program of order.json and says what it did, one line of JSON a part, each with the order's nonce."""

import ast
import copy
import io
import json
import os
import resource
import sys
import time

FUEL = 40_000  # loop turns and calls of one try; a HumanEval task takes hundreds
LONG = 300  # characters of a value that is told


class Empty(BaseException):
    """The try went on for too long. No `except Exception` of the code stops it."""


class Tank:
    """What `_tick` counts down."""

    left = FUEL

    def tick(self):
        self.left -= 1
        if self.left < 0:
            raise Empty


class Ticking(ast.NodeTransformer):
    """Puts a tick at the start of every loop and every function."""

    def generic_visit(self, node):
        super().generic_visit(node)
        if isinstance(node, (ast.For, ast.While, ast.FunctionDef)):
            call = ast.Expr(ast.Call(ast.Name("_tick", ast.Load()), [], []))
            node.body.insert(0, ast.copy_location(call, node))
        return node


def loaded(text, tank):
    """The names of a program that ticks."""
    tree = ast.fix_missing_locations(Ticking().visit(ast.parse(text)))
    names = {"__name__": "main", "_tick": tank.tick}
    tank.left = FUEL
    exec(compile(tree, "main.py", "exec"), names)  # noqa: S102  # the box is there for that
    return names


def outcome(function, args, tank):
    """(what it came to, whether it changed its arguments)."""
    mine = copy.deepcopy(args)
    tank.left = FUEL
    try:
        value = function(*mine)
    except Empty:
        return ["endless", "", ""], False
    except Exception as error:
        return ["raised", type(error).__name__, str(error)[:LONG]], False
    try:
        text = repr(value)
        plain = ast.literal_eval(text) == value if len(text) <= LONG else False
    except Exception:
        return ["object", type(value).__name__, ""], mine != args
    return ["value" if plain else "object", text[:LONG], type(value).__name__], mine != args


def passes(test, names, tank):
    tank.left = FUEL
    try:
        exec(compile(test, "test", "exec"), dict(names))  # noqa: S102  # the same
    except BaseException:
        return False
    return True


def grown(value, times):
    """`value` so many times as large: a list or text repeated, a number multiplied."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value * times
    if isinstance(value, (str, list, tuple)):
        return value * times
    if isinstance(value, dict):
        return {
            (f"{key}{turn}" if isinstance(key, str) else key + turn * 1_000): held
            for turn in range(times)
            for key, held in value.items()
            if isinstance(key, (str, int))
        }
    return value


def scaling(text, entry, candidates, tell):
    """Seconds for arguments at 1, 2, 4 and 8 times a size that takes long enough to be measured.

    Of the candidates the one that takes longest is grown: others make the code leave its loop at once.
    """
    names = {"__name__": "main"}
    exec(compile(text, "main.py", "exec"), names)  # noqa: S102  # the same
    function, base, spent = names[entry], 1, 0.0
    args = max(candidates, key=lambda one: timed(function, [grown(arg, 16) for arg in one]))
    while base < 4_096 and spent < 0.0004:
        base *= 4
        spent = timed(function, [grown(arg, base) for arg in args])
        if spent > 0.01:
            tell("scaling", {"sizes": [base], "seconds": [spent], "peak_mb": peak()})
            return
    sizes, seconds = [], []
    for times in (1, 2, 4, 8):
        larger = [grown(arg, base * times) for arg in args]
        sizes.append(base * times)
        seconds.append(min(timed(function, larger) for _ in range(2)))
        tell("scaling", {"sizes": sizes, "seconds": seconds, "peak_mb": peak()})
        if seconds[-1] > 0.02:
            return


def timed(function, args):
    mine = copy.deepcopy(args)
    begun = time.thread_time()
    function(*mine)
    return time.thread_time() - begun


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    with open("order.json", encoding="utf-8") as file:
        order = json.load(file)
    os.remove("order.json")
    out = os.fdopen(os.dup(1), "w")
    sys.stdout = sys.stderr = io.StringIO()

    def tell(part, told):
        out.write(json.dumps({"nonce": order["nonce"], "part": part, "told": told}) + "\n")
        out.flush()

    tank, entry = Tank(), order["entry"]
    names = loaded(order["code"], tank)
    function = names[entry]
    every = [list(ast.literal_eval(text)) for text in order["inputs"]]
    first = [outcome(function, args, tank) for args in every]
    again = [outcome(function, args, tank)[0] for args in every]
    tell(
        "outcomes",
        [[what, changes, what == second] for (what, changes), second in zip(first, again)],
    )
    for number, text in enumerate(order["mutants"]):
        try:
            other = loaded(text, tank)
            by_examples = any(not passes(test, other, tank) for test in order["tests"])
            differs = [
                place
                for place, args in enumerate(every)
                if outcome(other[entry], args, tank)[0] != first[place][0]
            ]
        except BaseException:
            by_examples, differs = True, []
        tell("mutant", {"number": number, "by_examples": by_examples, "differs": differs})
    if order["grow"]:
        scaling(order["code"], entry, [ast.literal_eval(text) for text in order["grow"]], tell)


main()

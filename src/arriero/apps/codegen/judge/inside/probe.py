"""Tries the program of order.json and says what it did, one line of JSON a part, each with the order's nonce."""

import ast
import contextlib
import copy
import inspect
import io
import json
import os
import resource
import sys
import time
import types

FUEL = 40_000  # loop turns and calls of one try; a HumanEval task takes hundreds
LONG = 300  # characters of a value that is told
LONGER = 6_000  # the same of a session, which holds many, and of what a script prints
CHOOSING = 4_000  # loop turns and calls of one try while it is looked which arguments fit
MORE = -1  # how a script ended that reads on where its input ends
MOST_RUNS = 4  # of a script
OTHER = "\0other"  # stands for a second object of the same class


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


def ticking(text):
    return compile(ast.fix_missing_locations(Ticking().visit(ast.parse(text))), "main.py", "exec")


def loaded(text, tank):
    """The names of a program that ticks."""
    module = types.ModuleType("main")
    sys.modules["main"] = module  # dataclasses look their module up
    names = module.__dict__
    names["_tick"] = tank.tick
    tank.left = FUEL
    exec(ticking(text), names)  # noqa: S102  # the box is there for that
    return names


def made(text, order, tank):
    """(what is tried as a function, the program's names)."""
    if order["kind"] == "script":
        return script_of(ticking(text), tank), {}
    names = loaded(text, tank)
    thing = names[order["entry"]]
    return (session_of(thing) if order["kind"] == "class" else waited_for(thing)), names


def waited_for(function):
    """An async function as one that can be called."""
    if not inspect.iscoroutinefunction(function):
        return function
    return lambda *args: awaited(function(*args))


def awaited(value):
    if not inspect.iscoroutine(value):
        return value
    import asyncio  # noqa: PLC0415  # only where it is needed: it takes as long as all the rest

    return asyncio.run(value)


def session_of(cls):
    """Makes an object, does the steps, and gives what each came to."""

    def session(given, steps):
        one, other, came = cls(*given), None, []
        for name, args in steps:
            try:
                value = getattr(one, name)
                if args is not None:
                    if OTHER in args and other is None:
                        other = cls(*copy.deepcopy(given))
                    mine = copy.deepcopy(args)
                    value = awaited(value(*(other if arg == OTHER else arg for arg in mine)))
            except Exception as error:
                came.append(("raised", type(error).__name__))
            else:
                came.append(shown(value))
        return came

    return session


def shown(value):
    """("value", its text) of a plain value, ("object", its type) of any other."""
    with contextlib.suppress(Exception):
        text = repr(value)
        if len(text) <= LONG and ast.literal_eval(text) == value:
            return ("value", text)
    return ("object", type(value).__name__)


def script_of(program, tank):
    """Runs the program as a script; gives [how it ended, what it printed]."""

    def script(argv, said):
        before = sys.stdin, sys.stdout, sys.argv
        out = io.StringIO()
        sys.stdin = io.TextIOWrapper(io.BytesIO(said.encode()))
        sys.stdout, sys.argv = out, ["main.py", *argv]
        status = 0
        try:
            exec(program, {"__name__": "__main__", "_tick": tank.tick})  # noqa: S102  # the same
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except EOFError:
            status = MORE
        finally:
            sys.stdin, sys.stdout, sys.argv = before
        return [status, out.getvalue()[: LONGER // 3]]

    return script


def chosen(order, thing, tank):
    """The arguments that are tried: those of the shape that the code answers best; of a script the runs that end well.

    Of a script of which none does it is the first run that crashed.
    """
    if order["kind"] == "script":
        found: dict[tuple[bool, str], str] = {}
        crashed: list[str] = []
        for text in order["shapes"][0]:
            what, _ = outcome(thing, list(ast.literal_eval(text)), tank, long=LONGER)
            if what[0] == "raised":
                crashed.append(text)
            status, printed = ast.literal_eval(what[1]) if what[0] == "value" else (1, "")
            if status in (0, MORE) and printed.strip():
                found.setdefault((status != 0, printed), text)
        ended = [text for (early, _), text in found.items() if not early]
        return (ended or list(found.values()) or crashed[:1])[:MOST_RUNS]
    if len(order["shapes"]) == 1:
        return order["shapes"][0]
    return max(order["shapes"], key=lambda shape: answers(shape, order["kind"], thing, tank))


def answers(shape, kind, thing, tank):
    """How much the code makes of arguments of that shape: different values, or steps that raise nothing."""
    every = [list(ast.literal_eval(text)) for text in shape]
    outs = [outcome(thing, args, tank, CHOOSING, LONGER)[0] for args in every]
    values = {text for what, text, _ in outs if what == "value"}
    if kind == "class":
        return sum(text.count("('value'") + text.count("('object'") for text in values)
    return len(values) + 0.01 * sum(what == "object" for what, _, _ in outs)


def outcome(function, args, tank, fuel=FUEL, long=LONG):
    """(what it came to, whether it changed its arguments)."""
    mine = copy.deepcopy(args)
    tank.left = fuel
    try:
        value = function(*mine)
    except Empty:
        return ["endless", "", ""], False
    except Exception as error:
        return ["raised", type(error).__name__, str(error)[:LONG]], False
    try:
        text = repr(value)
        plain = ast.literal_eval(text) == value if len(text) <= long else False
    except Exception:
        return ["object", type(value).__name__, ""], mine != args
    return ["value" if plain else "object", text[:long], type(value).__name__], mine != args


def passes(test, names, tank):
    tank.left = FUEL
    try:
        given = {name: waited_for(held) for name, held in names.items()}
        exec(compile(test, "test", "exec"), given)  # noqa: S102  # the same
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

    tank, long = Tank(), LONG if order["kind"] == "function" else LONGER
    function, _ = made(order["code"], order, tank)
    texts = order["inputs"] or chosen(order, function, tank)
    tell("inputs", texts)
    every = [list(ast.literal_eval(text)) for text in texts]
    first = [outcome(function, args, tank, long=long) for args in every]
    again = [outcome(function, args, tank, long=long)[0] for args in every]
    tell(
        "outcomes",
        [[what, changes, what == second] for (what, changes), second in zip(first, again)],
    )
    for number, text in enumerate(order["mutants"]):
        try:
            mutant, other = made(text, order, tank)
            by_examples = any(not passes(test, other, tank) for test in order["tests"])
            differs = [
                place
                for place, args in enumerate(every)
                if outcome(mutant, args, tank, long=long)[0] != first[place][0]
            ]
        except BaseException:
            by_examples, differs = True, []
        tell("mutant", {"number": number, "by_examples": by_examples, "differs": differs})
    if order["grows"] and every:
        candidates = [ast.literal_eval(text) for text in order["grow"]] or every[:4]
        scaling(order["code"], order["entry"], candidates, tell)


main()

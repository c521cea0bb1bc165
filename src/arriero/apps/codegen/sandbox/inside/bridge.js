// What both contexts get before any code: values cross between them as text, made anew on the other side.
// Everything it needs is taken here, before the code under test could put something else in its place.
const __bridge = (() => {
  const { stringify, parse } = JSON;
  const { isArray } = Array;
  const { getPrototypeOf, keys, is, freeze, create } = Object;
  const { isFinite } = Number;
  const MapOf = Map, SetOf = Set, BigIntOf = BigInt, ArrayOf = Array, NumberOf = Number, StringOf = String;
  const PromiseOf = Promise, then = Function.prototype.call.bind(Promise.prototype.then);
  const ObjectProto = Object.prototype, MapProto = Map.prototype, SetProto = Set.prototype;
  const each = (collection, take) => {
    const step = collection[Symbol.iterator]();
    for (let next = step.next(); !next.done; next = step.next()) take(next.value);
  };
  const DEEP = 200;

  const plain = (value, depth) => {
    if (depth > DEEP) throw new TypeError("a value nests too deep to be handed over");
    if (value === undefined) return { t: "undefined" };
    if (value === null || typeof value === "boolean" || typeof value === "string") return { t: "v", v: value };
    if (typeof value === "number") return isFinite(value) && !is(value, -0) ? { t: "v", v: value } : { t: "number", v: is(value, -0) ? "-0" : StringOf(value) };
    if (typeof value === "bigint") return { t: "bigint", v: StringOf(value) };
    if (isArray(value)) {
      const items = new ArrayOf(value.length);
      for (let i = 0; i < value.length; i++) items[i] = plain(value[i], depth + 1);
      return { t: "array", v: items };
    }
    if (typeof value === "object") {
      const proto = getPrototypeOf(value);
      if (proto === ObjectProto || proto === null) {
        const names = keys(value), items = new ArrayOf(names.length);
        for (let i = 0; i < names.length; i++) items[i] = [names[i], plain(value[names[i]], depth + 1)];
        return { t: "object", v: items };
      }
      if (proto === SetProto || proto === MapProto) {
        const items = [];
        let i = 0;
        each(value, (item) => { items[i++] = proto === SetProto ? plain(item, depth + 1) : [plain(item[0], depth + 1), plain(item[1], depth + 1)]; });
        return { t: proto === SetProto ? "set" : "map", v: items };
      }
    }
    throw new TypeError("__not_plain");
  };

  const made = (told) => {
    switch (told.t) {
      case "undefined": return undefined;
      case "v": return told.v;
      case "number": return NumberOf(told.v);
      case "bigint": return BigIntOf(told.v);
      case "array": {
        const value = new ArrayOf(told.v.length);
        for (let i = 0; i < told.v.length; i++) value[i] = made(told.v[i]);
        return value;
      }
      case "object": {
        const value = {};
        for (let i = 0; i < told.v.length; i++) value[told.v[i][0]] = made(told.v[i][1]);
        return value;
      }
      case "set": {
        const value = new SetOf();
        for (let i = 0; i < told.v.length; i++) value.add(made(told.v[i]));
        return value;
      }
      case "map": {
        const value = new MapOf();
        for (let i = 0; i < told.v.length; i++) value.set(made(told.v[i][0]), made(told.v[i][1]));
        return value;
      }
    }
    throw new TypeError("what was told cannot be read");
  };

  // In the context of the code: call it, and tell the result and what became of the arguments. Of a promise nothing is
  // told by `call`; once it is settled `came` tells its value, or raises what it was rejected with.
  let later = "";
  const raised = (error) => {
    const known = typeof error === "object" && error !== null;
    return stringify({ raised: [StringOf(known ? error.name : "Error"), StringOf(known ? error.message : error)] });
  };
  const call = (target, text) => {
    const args = made(parse(text));
    const gave = (value) => {
      try {
        return stringify({ ok: plain(value, 0), after: plain(args, 0) });
      } catch (error) {
        return raised(error);
      }
    };
    later = "";
    try {
      const result = target(...args);
      if (!(result instanceof PromiseOf)) return gave(result);
      then(result, (value) => { later = gave(value); }, (error) => { later = raised(error); });
      return "";
    } catch (error) {
      return raised(error);
    }
  };
  const came = () => later;

  // In the context of the tests: a function that stands for one over there.
  const errors = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };
  const become = (mine, theirs) => {
    if (isArray(mine) && isArray(theirs)) {
      mine.length = 0;
      for (let i = 0; i < theirs.length; i++) mine[i] = theirs[i];
    } else if (typeof mine === "object" && mine !== null && getPrototypeOf(mine) === ObjectProto) {
      keys(mine).forEach((name) => { delete mine[name]; });
      keys(theirs).forEach((name) => { mine[name] = theirs[name]; });
    }
  };
  const remote = (name, ask) => (...args) => {
    const told = parse(ask(name, stringify(plain(args, 0))));
    if (told.raised) {
      const Kind = errors[told.raised[0]] || Error;
      const error = new Kind(told.raised[1]);
      error.name = told.raised[0];
      throw error;
    }
    const after = made(told.after);
    for (let i = 0; i < args.length; i++) become(args[i], after[i]);
    return made(told.ok);
  };
  return freeze({ call, came, remote, plain, stringify });
})();

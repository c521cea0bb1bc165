// What tests find beside the code's own names: assertions that say what they got.
const __shown = (value) => {
  try { return typeof value === "string" ? JSON.stringify(value) : Array.isArray(value) || (value && typeof value === "object" && !(value instanceof Map) && !(value instanceof Set)) ? JSON.stringify(value) : String(value); } catch { return typeof value; }
};
const __same = (a, b, strict) => {
  if (strict ? Object.is(a, b) || (a === 0 && b === 0) : a == b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return typeof a === "number" && typeof b === "number" && Number.isNaN(a) && Number.isNaN(b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (a instanceof Set || a instanceof Map) return Object.getPrototypeOf(a) === Object.getPrototypeOf(b) && __same([...a], [...b], strict);
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && __same(a[name], b[name], strict));
};
class AssertionError extends Error { constructor(message) { super(message); this.name = "AssertionError"; } }
const __fails = (got, expected) => { throw new AssertionError(`got ${__shown(got)}, expected ${__shown(expected)}`); };
const assert = Object.assign((held, message) => { if (!held) throw new AssertionError(String(message ?? "it does not hold")); }, {
  ok: (held, message) => assert(held, message),
  equal: (got, expected) => { if (!(got == expected)) __fails(got, expected); },
  strictEqual: (got, expected) => { if (!Object.is(got, expected)) __fails(got, expected); },
  notStrictEqual: (got, other) => { if (Object.is(got, other)) throw new AssertionError(`got ${__shown(got)}`); },
  deepEqual: (got, expected) => { if (!__same(got, expected, false)) __fails(got, expected); },
  deepStrictEqual: (got, expected) => { if (!__same(got, expected, true)) __fails(got, expected); },
  throws: (action) => { try { action(); } catch { return; } throw new AssertionError("it raised nothing"); },
});
const console = { assert: (held, ...words) => assert(held, words.length ? words.join(" ") : undefined), log: (...words) => { __say(words.map(String).join(" ")); }, error() {}, warn() {}, info() {}, debug() {} };
const require = (name) => { if (name.replace("node:", "").startsWith("assert")) return assert; throw new Error(`tests have no module ${name}`); };

// Timers without a clock: what waits is done in the order of its times, once nothing else is left to do.
var { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, __timers } = (() => {
  const waiting = [];
  let now = 0, count = 0;
  const add = (act, ms, args, every) => {
    waiting.push({ id: ++count, at: now + Math.max(0, Number(ms) || 0), act, args, every });
    return count;
  };
  const remove = (id) => {
    const place = waiting.findIndex((one) => one.id === id);
    if (place >= 0) waiting.splice(place, 1);
  };
  const next = () => {
    if (!waiting.length) return false;
    const first = waiting.reduce((best, one) => (one.at < best.at ? one : best));
    now = first.at;
    if (first.every === undefined) remove(first.id);
    else first.at += Math.max(1, Number(first.every) || 0);
    first.act(...first.args);
    return true;
  };
  return {
    setTimeout: (act, ms, ...args) => add(act, ms, args),
    setInterval: (act, ms, ...args) => add(act, ms, args, ms),
    setImmediate: (act, ...args) => add(act, 0, args),
    clearTimeout: remove, clearInterval: remove, clearImmediate: remove,
    __timers: Object.freeze({ next }),
  };
})();

// Judging: shows a pair of /v1/evaluations/{id}/next, sends what a person chose, shows how it stands.
// Whose answer stands where the page does not know; it computes no number.
"use strict";

const SAYS = {
  better: "Proved: the new one is better.", worse: "Proved: the new one is worse.",
  unsure: "Not decided yet.", invalid: "Cannot be told.",
};
const evaluation = new URLSearchParams(location.search).get("evaluation") ?? "";
const state = { pair: null, busy: false };

function showStanding(told) {
  at("state").textContent = `${told.judged} of ${told.of} pairs judged`;
  const shares = told.wins + told.losses
    ? ` The new one won ${told.wins} and lost ${told.losses}, ${told.ties} were equal;`
      + ` win rate ${(100 * told.rate).toFixed(0)} % (${(100 * told.low).toFixed(0)} to ${(100 * told.high).toFixed(0)} %).`
    : "";
  at("verdict").textContent = SAYS[told.says] + shares;
  at("span").setAttribute("x", 100 * told.low);
  at("span").setAttribute("width", 100 * (told.high - told.low));
  at("rate").setAttribute("cx", 100 * told.rate);
}

function showPair(pair) {
  state.pair = pair;
  for (const id of ["pair", "choose-tie"]) at(id).hidden = pair === null;
  at("question").textContent = pair ? pair.question : "Every pair is judged. Thank you.";
  at("left").textContent = pair ? pair.left : "";
  at("right").textContent = pair ? pair.right : "";
}

async function next() {
  const told = await ask(`/v1/evaluations/${encodeURIComponent(evaluation)}/next`);
  showPair(told.pair);
  showStanding(told.standing);
}

async function choose(better) {
  if (state.busy || state.pair === null) return;
  state.busy = true;
  at("told").textContent = "";
  try {
    await ask(`/v1/evaluations/${encodeURIComponent(evaluation)}/judgements`, { case: state.pair.case, better });
    await next();
  } catch (error) {
    at("told").textContent = error.message;
    if (error.status === 409) await next().catch(() => {});
    if (error.status === 401) enter(error.message);
  } finally {
    state.busy = false;
  }
}

function enter(refused = "") {
  at("desk").hidden = at("begin").hidden = at("leave").hidden = true;
  at("login").hidden = false;
  at("refused").textContent = refused;
  at("key").focus();
}

// The address names no evaluation, or one that is not there: which there are.
async function begin() {
  const told = await ask("/v1/cycles");
  const evaluated = told.data.filter((cycle) => cycle.evaluation);
  at("missing").textContent = (evaluation ? `There is no evaluation ${evaluation}` : "No evaluation is named in the address")
    + (evaluated.length ? "; choose the cycle whose answers you judge."
      : ", and no cycle has one yet: it comes once a cycle's gate has run, see arriero learn status.");
  at("cycles").replaceChildren(...evaluated.map((cycle) => {
    const line = make("li");
    line.append(make("a", `${cycle.app}, ${cycle.begun.slice(0, 10)}`,
      { href: `/console/judge?evaluation=${encodeURIComponent(cycle.evaluation)}` }), ` ${cycle.state}`);
    return line;
  }));
  at("login").hidden = at("desk").hidden = true;
  at("begin").hidden = at("leave").hidden = false;
}

async function open() {
  try {
    if (evaluation === "") return await begin();
    await next();
    at("login").hidden = true;
    at("desk").hidden = at("leave").hidden = false;
  } catch (error) {
    if (error.status === 404) return begin().catch((refused) => enter(refused.message));
    if (error.status === 401) sessionStorage.removeItem(KEY);
    enter(error.message);
  }
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, at("key").value.trim());
  at("key").value = "";
  open();
});
at("leave").addEventListener("click", () => { sessionStorage.removeItem(KEY); at("state").textContent = ""; enter(); });
for (const side of ["left", "right", "tie"]) at(`choose-${side}`).addEventListener("click", () => choose(side));
document.addEventListener("keydown", (event) => {
  const side = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "tie" }[event.key];
  if (side === undefined || event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (!event.repeat) choose(side);  // a key held down would judge pairs that nobody has seen
});
if (sessionStorage.getItem(KEY)) open(); else enter();

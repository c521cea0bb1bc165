// How support is doing: shows what /v1/support/report says, and sends what a person decides on a
// draft article. It knows no rule and computes no number.
"use strict";

const EVERY_MS = 15000;
const DONE = { resolve: "Approved: the knowledge has it now.", return: "Rejected: it will not come back." };

const state = { report: null, edits: new Map(), busy: false, round: 0 };

// -- numbers ----------------------------------------------------------------------------------

const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`;
const words = (name) => name.replaceAll("_", " ");

function range(cell, told, said) {
  cell.append(make("span", `${said(told.low)} to ${said(told.high)}`, { class: "range" }));
  return cell;
}

function share(told, n) {
  return n ? range(make("td", percent(told.value)), told, percent) : make("td", "–");
}

function table(id, heads, rows) {
  const head = make("tr"), top = make("thead"), body = make("tbody");
  head.append(...heads.map((text) => make("th", text, { scope: "col" })));
  top.append(head);
  body.append(...rows);
  at(id).replaceChildren(top, body);
}

function row(name, cells, whole = false) {
  const line = make("tr", undefined, whole ? { class: "all" } : {});
  line.append(make("th", words(name), { scope: "row" }), ...cells);
  return line;
}

function tile(name, value, note, late = false) {
  const box = make("div", undefined, { class: "tile" });
  box.append(make("p", name), make("p", value, { class: "big" }), make("p", note, late ? { class: "late" } : {}));
  return box;
}

function reviewed(reviews) {
  if (!reviews || !reviews.n) return tile("Answers found acceptable", "–", reviews ? `${reviews.waiting} wait for two judges` : "not drawn here");
  const sure = reviews.kappa === null ? "all judged alike" : `kappa ${reviews.kappa.toFixed(2)} (${reviews.kappa_low.toFixed(2)} to ${reviews.kappa_high.toFixed(2)})`;
  return tile("Answers found acceptable", percent(reviews.acceptable), `${reviews.n} judged twice, ${sure}`);
}

function showTiles({ resolution, csat, hand_overs: waiting, gaps, reviews }) {
  const all = resolution.all, rated = csat.all;
  const span = (told, said) => `95 % interval ${said(told.low)} to ${said(told.high)}`;
  const points = (value) => value.toFixed(1);
  at("tiles").replaceChildren(
    tile("Resolved without a person", all.n ? percent(all.resolved.value) : "–",
      all.n ? span(all.resolved, percent) : "no visit is 72 hours old yet"),
    tile("Deflected (what others count)", all.n ? percent(all.deflected.value) : "–",
      `${all.n} visits, ${all.open} younger than 72 h`),
    tile("Satisfaction", rated.n ? `${points(rated.mean.value)} of 5` : "–",
      rated.n ? `${rated.n} ratings, ${points(rated.mean.low)} to ${points(rated.mean.high)}` : "no ratings"),
    tile("Hand-overs open", String(waiting.open),
      waiting.late ? `${waiting.late} overdue` : "none overdue", waiting.late > 0),
    tile("Unanswered topics", gaps ? String(gaps.gaps.length) : "–",
      gaps ? `${gaps.waiting.length} waiting for approval, ${gaps.approved} approved` : "not looked for here"),
    reviewed(reviews),
  );
}

function showResolution({ resolution }) {
  const by = at("by").value;
  const line = (one, whole) => row(whole ? "all" : one.name, [
    make("td", String(one.n)), share(one.resolved, one.n), share(one.deflected, one.n),
    share(one.assumed, one.n), make("td", String(one.open)),
  ], whole);
  table("resolution", [words(by), "visits", "resolved", "deflected", "answered, then silence", "younger than 72 h"],
    [line(resolution.all, true), ...resolution.by[by].map((one) => line(one, false))]);
  const why = Object.entries(resolution.all.why).map(([name, times]) => `${name} (${times})`);
  at("why").textContent = why.length ? `Why not resolved: ${why.join(", ")}.` : "";
}

function showSatisfaction({ csat }) {
  const all = csat.all, by = at("by").value;
  at("csat-none").hidden = all.n > 0;
  at("csat").hidden = !all.n;
  at("stars").replaceChildren(...(all.n ? [5, 4, 3, 2, 1].flatMap((stars) => {
    const times = all.counts[stars - 1];
    return [
      make("span", `${stars} of 5`),
      make("meter", undefined, { min: 0, max: all.n, value: times, "aria-label": `${stars} of 5` }),
      make("span", `${times} (${percent(times / all.n)})`),
    ];
  }) : []));
  if (!all.n) return;
  const points = (value) => value.toFixed(2);
  const line = (one, whole) => row(whole ? "all" : one.name, [
    make("td", String(one.n)), range(make("td", points(one.mean.value)), one.mean, points),
    share(one.satisfied, one.n), share(one.response, one.asked),
  ], whole);
  table("csat", [words(by), "ratings", "mean", "4 or 5", "of those to be asked"],
    [line(all, true), ...csat.by[by].map((one) => line(one, false))]);
}

function showQuality({ quality }) {
  const all = quality.all;
  at("quality-about").textContent =
    `The score and what turned out wrong (thumb down, 1 or 2 of 5, "not resolved", came back). Slices of at least ${quality.minimum} answers; ${quality.too_small} smaller ones are not shown. Worse: score or share of wrong answers more than 3 points worse than for all; surely, when the whole interval is.`;
  const flag = (one) => one.certain ? "surely worse" : one.worse ? "worse" : "";
  const line = (one, whole) => {
    const score = (value) => value.toFixed(2);
    const told = flag(one);
    return row(whole ? "all answers" : `${one.by}: ${one.value}`, [
      make("td", String(one.n)), one.n ? range(make("td", score(one.score.value)), one.score, score) : make("td", "–"),
      share(one.wrong, one.n),
      whole ? make("td", "") : range(make("td", `${(-100 * one.below.value).toFixed(1)} points`), { low: -one.below.high, high: -one.below.low }, (value) => (100 * value).toFixed(1)),
      make("td", told, told ? { class: "worse" } : {}),
    ], whole);
  };
  table("quality", ["slice", "answers", "score", "turned out wrong", "against the mean", ""],
    [line(all, true), ...quality.slices.map((one) => line(one, false))]);
}

// -- gaps -------------------------------------------------------------------------------------

function showGaps({ gaps }) {
  const known = gaps || { gaps: [], waiting: [] };
  at("gaps-none").hidden = known.gaps.length + known.waiting.length > 0;
  const drafts = at("drafts"), wanted = JSON.stringify(known.waiting);
  if (drafts.dataset.shows !== wanted) {
    keepEdits();
    drafts.dataset.shows = wanted;
    drafts.replaceChildren(...known.waiting.map(draft));
  }
  at("gaps").replaceChildren(...known.gaps.filter((gap) => !gap.task).map((gap) => {
    const item = make("li"), list = make("ul");
    list.append(...gap.examples.slice(1, 5).map((text) => make("li", text)));
    item.append(make("h3", gap.name), make("p", asked(gap), { class: "quiet" }), list);
    return item;
  }));
}

function asked(gap) {
  const about = gap.intents.length ? `, taken for ${gap.intents.map(words).join(", ")}` : "";
  const times = gap.n === 1 ? "asked once" : `${gap.n} questions of ${gap.people} ${gap.people === 1 ? "person" : "people"}`;
  return times + about;
}

function draft(task) {
  const item = make("li"), list = make("ul"), buttons = make("p", undefined, { class: "buttons" });
  const id = `text-${task.task}`, why = `why-${task.task}`;
  const text = make("textarea", undefined, { id, rows: 6, "data-task": task.task, maxlength: 8000 });
  text.value = state.edits.get(task.task) ?? task.text ?? "";
  const reason = make("input", undefined, { id: why, maxlength: 8000 });
  const approve = make("button", "Approve", { type: "button", class: "first" });
  const reject = make("button", "Reject", { type: "button" });
  approve.addEventListener("click", () => decide(task, "resolve", { text: text.value.trim() }));
  reject.addEventListener("click", () => {
    if (!reason.value.trim()) { tell("Say why you reject it.", true); return reason.focus(); }
    decide(task, "return", { reason: reason.value.trim() });
  });
  list.append(...(task.questions || []).map((one) => make("li", one)));
  buttons.append(approve, reject);
  const labelled = make("div", undefined, { class: "why" });
  labelled.append(make("label", "Why not? (only to reject)", { for: why }), reason);
  item.append(
    make("h3", task.title || "An article that was erased"),
    make("p", asked({ ...task, intents: task.intents || [] }) + (task.actor ? `, accepted by ${task.actor}` : ""), { class: "quiet" }),
    list, make("label", "The article, in Markdown", { for: id }), text, labelled, buttons,
  );
  return item;
}

function keepEdits() {
  for (const text of document.querySelectorAll("#drafts textarea")) state.edits.set(text.dataset.task, text.value);
}

function tell(text, bad = false) {
  at("told").textContent = text;
  at("told").className = bad ? "bad" : "good";
}

async function decide(task, verb, body) {
  if (state.busy) return;
  state.busy = true;
  lock(true);
  tell(verb === "resolve" ? "Taking it in …" : "");
  try {
    await ask(`/v1/tasks/${encodeURIComponent(task.task)}/${verb}`, body);
    state.edits.delete(task.task);
    tell(DONE[verb]);
  } catch (error) {
    if (error.status === 401) return leave(error.message);
    tell(error.message, true);
  } finally {
    state.busy = false;
    lock(false);
  }
  await refresh();
}

function lock(busy) {
  for (const button of document.querySelectorAll("#drafts button")) button.disabled = busy;
}

// -- who is here ------------------------------------------------------------------------------

function show() {
  const report = state.report;
  if (!report) return;
  at("covers").textContent = `${report.visits} visits, ${report.runs} messages${report.cut_off ? " (the newest only)" : ""}`;
  for (const part of [showTiles, showResolution, showSatisfaction, showGaps, showQuality]) part(report);
}

async function refresh() {
  const round = ++state.round;
  try {
    const report = await ask(`/v1/support/report?days=${at("days").value}`);
    if (round !== state.round) return;
    state.report = report;
    at("state").textContent = `as of ${new Date(report.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
    show();
  } catch (error) {
    if (error.status === 401) return leave(error.message);
    at("state").textContent = error.message;
  }
}

function leave(why = "") {
  sessionStorage.removeItem(KEY);
  state.report = null;
  state.edits.clear();
  for (const id of ["desk", "leave"]) at(id).hidden = true;
  for (const id of ["drafts", "gaps"]) { at(id).replaceChildren(); delete at(id).dataset.shows; }
  at("login").hidden = false;
  at("state").textContent = "";
  at("refused").textContent = why;
  at("key").value = "";
  at("key").focus();
}

async function enter() {
  try {
    await ask("/v1/tasks?state=queued");
  } catch (error) {
    return leave(error.message);
  }
  at("login").hidden = true;
  for (const id of ["desk", "leave"]) at(id).hidden = false;
  await refresh();
}

function start() {
  at("login").addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, at("key").value.trim());
    enter();
  });
  at("leave").addEventListener("click", () => leave());
  at("days").addEventListener("change", refresh);
  at("by").addEventListener("change", show);
  setInterval(() => { if (!at("desk").hidden && !document.hidden && !state.busy) refresh(); }, EVERY_MS);
  if (sessionStorage.getItem(KEY)) enter(); else leave();
}

start();

// The inbox: shows what /v1/tasks says and sends what a person decides. It knows no rule: which
// buttons are possible is what the server lists as `verbs`.
"use strict";

const OPEN = ["requested", "queued", "accepted", "timed_out"];
const EVERY_MS = 3000;
const PRIORITY = ["low", "normal", "high", "urgent"];
const DONE = { accept: "Accepted: it is yours.", reply: "Sent.", resolve: "Resolved.", return: "Returned to the bot.", approve: "Approved: whoever asks this gets this answer." };

const state = { tasks: [], chosen: null, shown: "", drafts: new Map(), sent: new Map(), busy: false, round: 0, more: false };

// -- the list ---------------------------------------------------------------------------------

function byUrgency(one, other) {
  const priority = (other.payload.priority ?? 1) - (one.payload.priority ?? 1);
  const due = (task) => task.due_at || "9999";
  return priority || due(one).localeCompare(due(other)) || one.id.localeCompare(other.id);
}

function problemOf(task) {
  const summary = task.payload.summary || {};
  return summary.problem || task.payload.question || task.payload.reason || task.kind.replaceAll("_", " ");
}

function due(task) {
  if (!task.due_at) return { text: "no due time", late: false };
  const minutes = Math.round((Date.parse(task.due_at) - Date.now()) / 60000);
  const size = Math.abs(minutes);
  const span = size < 60 ? `${size} min` : size < 2880 ? `${Math.round(size / 60)} h` : `${Math.round(size / 1440)} days`;
  return minutes < 0 ? { text: `overdue by ${span}`, late: true } : { text: `due in ${span}`, late: false };
}

function tags(task) {
  const found = [];
  const priority = task.payload.priority ?? 1;
  if (priority > 1) found.push(make("span", PRIORITY[priority], { class: "tag high" }));
  const name = task.state.replaceAll("_", " ");
  const who = task.actor ? `${name} by ${task.actor}` : name;
  found.push(make("span", who, { class: task.actor ? "tag mine" : "tag" }));
  return found;
}

function showList() {
  const list = at("tasks");
  const wanted = JSON.stringify(state.tasks.map((task) => [task.id, task.state, task.actor, task.due_at, task.payload.priority, due(task).text])) + state.chosen + state.more;
  if (list.dataset.shows === wanted) return;
  list.dataset.shows = wanted;
  const focused = document.activeElement && document.activeElement.dataset.id;
  list.replaceChildren(...state.tasks.map((task) => {
    const button = make("button", undefined, { type: "button", "data-id": task.id, "aria-current": String(task.id === state.chosen) });
    const when = due(task);
    const meta = make("span", undefined, { class: "meta" });
    meta.append(...tags(task), make("span", when.text, when.late ? { class: "late" } : {}));
    button.append(make("span", problemOf(task), { class: "what" }), meta);
    button.addEventListener("click", () => choose(task.id));
    const item = make("li");
    item.append(button);
    return item;
  }));
  if (focused) {
    const again = [...list.querySelectorAll("button")].find((button) => button.dataset.id === focused);
    if (again) again.focus();
  }
  at("none").hidden = state.tasks.length > 0;
  const late = state.tasks.filter((task) => due(task).late).length;
  at("count").textContent = `${state.tasks.length}${state.more ? "+" : ""} open${late ? `, ${late} overdue` : ""}`;
}

async function refresh() {
  const round = ++state.round;
  try {
    const pages = await Promise.all(OPEN.map((name) => ask(`/v1/tasks?state=${name}&order=due`)));
    if (round !== state.round) return;
    const found = new Map(pages.flatMap((page) => page.data).map((task) => [task.id, task]));
    state.tasks = [...found.values()].sort(byUrgency);
    state.more = pages.some((page) => page.has_more);
    showList();
    if (state.chosen) await showTask();
  } catch (error) {
    if (error.status === 401) return leave(error.message);
    at("count").textContent = error.message;
  }
}

// -- one task ---------------------------------------------------------------------------------

async function choose(id) {
  keepDraft();
  state.chosen = id;
  state.shown = "";
  tell("");
  showList();
  await showTask();
}

function keepDraft() {
  if (state.chosen && state.shown) state.drafts.set(state.chosen, at("text").value);
}

async function showTask() {
  const id = state.chosen;
  let task;
  try {
    task = await ask(`/v1/tasks/${encodeURIComponent(id)}`);
  } catch (error) {
    if (error.status === 401) return leave(error.message);
    return tell(error.message, true);
  }
  if (id === state.chosen) show(task);
}

function show(task) {
  const about = task.about, summary = about.summary || task.payload.summary || {};
  at("choose").hidden = true;
  at("task").hidden = false;
  at("problem").textContent = summary.problem || problemOf(task);
  const when = due(task);
  at("facts").replaceChildren(...tags(task));
  if (task.due_at) at("facts").append(make("span", when.text, when.late ? { class: "late" } : {}));
  if (task.payload.customer) at("facts").append(make("span", `customer ${task.payload.customer}`));
  if (task.run && task.kind in RECORDED) at("facts").append(make("span", `run ${task.run}`));
  showSaid(about.messages || []);
  showSummary(summary);
  showVerbs(about.verbs || [], task.kind);
  if (state.shown !== task.id) {
    state.shown = task.id;
    at("text").value = state.drafts.get(task.id) ?? summary.proposed ?? "";
    const words = wordsOf(task.kind);
    at("act-title").textContent = words.act;
    at("text").hidden = words.text === null;
    at("text-label").hidden = words.text === null;
    at("reason-title").textContent = words.reason ?? "";
    at("reason-why").textContent = words.why ?? "Why? The customer does not see this.";
    at("send-back").textContent = words.back ?? "";
    at("text-label").textContent = words.text || (summary.proposed
      ? "The customer reads this. It is the bot's best draft: check it before you send it."
      : "The customer reads this");
  }
}

// The time, and the day unless it is today: who waits since Friday waits since Friday.
function clock(moment) {
  if (!moment) return "";
  const when = new Date(moment), today = when.toDateString() === new Date().toDateString();
  const day = today ? {} : { day: "numeric", month: "short" };
  return ` · ${when.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit" })}`;
}

function showSaid(messages) {
  const list = at("said"), wanted = JSON.stringify(messages);
  if (list.dataset.shows === wanted) return;
  list.dataset.shows = wanted;
  at("said-part").hidden = !messages.length;
  const names = { customer: "Customer", agent: "Colleague", bot: "Bot" };
  list.replaceChildren(...messages.map((message) => {
    const item = make("li", undefined, { class: message.sender });
    if (names[message.sender]) {
      item.append(make("span", names[message.sender] + clock(message.at), { class: "who" }));
    }
    item.append(document.createTextNode(message.text));
    return item;
  }));
  list.scrollTop = list.scrollHeight;
}

function showSummary(summary) {
  const rows = [];
  const row = (name, value) => {
    if (value === undefined || value === "" || (Array.isArray(value) && !value.length)) return;
    const told = make("dd", Array.isArray(value) ? undefined : String(value));
    if (Array.isArray(value)) {
      const list = make("ul");
      list.append(...value.map((line) => make("li", line)));
      told.append(list);
    }
    rows.push(make("dt", name), told);
  };
  row("Reason", summary.reason);
  row("Rule", summary.rule);
  row("Intent", (summary.intent || "").replaceAll("_", " "));
  row("Mood", summary.sentiment && `${summary.sentiment}, ${summary.trend}`);
  row("Tried", summary.tried);
  row("Open", summary.open_questions);
  row("Again", summary.again ? "an open ticket of this customer is about the same" : "");
  row("Tickets", summary.tickets);
  row("Known", Object.entries(summary.entities || {}).map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`));
  at("summary").replaceChildren(...rows);
  const evidence = summary.evidence || [];
  at("evidence-part").hidden = !evidence.length;
  at("evidence").replaceChildren(...evidence.map((source) => {
    const item = make("li");
    item.append(make("strong", source.title || source.id), " ", make("q", source.quote));
    return item;
  }));
}

// What is judged, approved or seen to is not answered: the same verbs have other words. `text` is what is said of
// the text that stands there; without one (`null`) there is none.
const NAMES = {
  review: { resolve: "Acceptable", return: "Not acceptable" },
  draft_article: { resolve: "Approve the article", return: "Reject" },
  publication_approval: { resolve: "Approve and publish", return: "Reject" },
  rule_change: { resolve: "Approve the change", return: "Reject" },
  failed_action: { resolve: "Seen to" },
};
const WORDS = {
  hand_over: { act: "Your reply", reason: "Return to the bot", back: "Return it", done: DONE },
  review: { act: "Your judgement", reason: "Not acceptable", back: "Judge it so", text: null, done: { resolve: "Judged. Thank you.", return: "Judged. Thank you." } },
  draft_article: { act: "The article", reason: "Reject the article", back: "Reject it", text: "Whoever asks reads this. In Markdown, with a heading in its first line",
    done: { ...DONE, resolve: "Approved: the knowledge has it now.", return: "Rejected: it will not come back." } },
  publication_approval: { act: "The text", reason: "Reject the publication", back: "Reject it", why: "Why? It is kept with the analysis.",
    text: "This is published as it stands, under your name as its principal, or not at all", done: { resolve: "Approved: it is published.", return: "Rejected: it stays withheld." } },
  rule_change: { act: "Your decision", reason: "Reject the change", back: "Reject it", why: "Why? It is kept with the change.", text: null,
    done: { resolve: "Approved: the rule is changed from now on.", return: "Rejected: the rule stays as it is." } },
  failed_action: { act: "What is left to do", text: null, done: { resolve: "Closed. Thank you." } },
};
const RECORDED = { publication_approval: true, failed_action: true }; // told by their run, not by a conversation
const wordsOf = (kind) => WORDS[kind] || WORDS.hand_over;

function showVerbs(verbs, kind) {
  for (const button of document.querySelectorAll("[data-verb]")) {
    button.dataset.name ??= button.textContent;
    button.textContent = (NAMES[kind] || {})[button.dataset.verb] || button.dataset.name;
    button.hidden = !verbs.includes(button.dataset.verb);
    button.disabled = state.busy;
  }
  const judged = kind === "publication_approval"; // read as it was judged, and not changed
  Object.assign(at("text"), { readOnly: judged, rows: judged ? 16 : 5 });
  at("text").disabled = !judged && !verbs.includes(kind === "draft_article" ? "resolve" : "reply");
}

// The answer that is being written, or else the last one that was sent: this page knows its own before the
// conversation shows it.
function propose() {
  const shown = [...document.querySelectorAll("#said li.agent")].pop();
  const sent = state.sent.get(state.chosen) ?? (shown ? shown.lastChild.textContent : "");
  at("share-question").value = at("problem").textContent;
  at("share-answer").value = at("text").value.trim() || sent;
  at("share").showModal();
}

function tell(text, bad = false) {
  at("told").textContent = text;
  at("told").className = bad ? "bad" : "good";
}

async function act(verb) {
  const id = state.chosen, text = at("text").disabled || at("text").readOnly ? "" : at("text").value.trim();
  if (!id || state.busy) return;
  const bodies = { accept: {}, reply: { text }, resolve: { text }, return: { reason: at("note").value.trim() },
    approve: { text: at("share-answer").value.trim(), question: at("share-question").value.trim() } };
  if (verb === "reply" && !text) { tell("Write a reply first.", true); return at("text").focus(); }
  state.busy = true;
  try {
    const task = await ask(`/v1/tasks/${encodeURIComponent(id)}/${verb}`, bodies[verb]);
    if (verb === "reply") {
      state.drafts.set(id, "");
      state.sent.set(id, text);
      if (id === state.chosen) at("text").value = "";
    }
    state.busy = false;
    if (id === state.chosen) show(task); // else another was opened meanwhile, and stays
    tell(wordsOf(task.kind).done[verb]);
    if (verb === "accept" && id === state.chosen) at("text").focus();
  } catch (error) {
    if (error.status === 401) return leave(error.message);
    tell(error.message, true);
  } finally {
    state.busy = false;
  }
  await refresh();
}

// -- who is here ------------------------------------------------------------------------------

function leave(why = "") {
  sessionStorage.removeItem(KEY);
  Object.assign(state, { tasks: [], chosen: null, shown: "" });
  state.drafts.clear();
  state.sent.clear();
  for (const id of ["desk", "leave", "task"]) at(id).hidden = true;
  at("login").hidden = false;
  at("count").textContent = "";
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
  at("choose").hidden = Boolean(state.chosen);
  await refresh();
}

function move(by) {
  if (!state.tasks.length) return;
  const now = state.tasks.findIndex((task) => task.id === state.chosen);
  const next = Math.min(state.tasks.length - 1, Math.max(0, now < 0 ? 0 : now + by));
  choose(state.tasks[next].id);
}

function pressed(verb) {
  const button = document.querySelector(`[data-verb="${verb}"]`);
  if (!at("task").hidden && !button.hidden && !button.disabled) button.click();
}

function onKey(event) {
  if (at("desk").hidden || at("reason").open || at("share").open) return;
  const typing = event.target.matches("textarea, input");
  if (typing) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); pressed("reply"); }
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const does = { j: () => move(1), k: () => move(-1), a: () => pressed("accept"), r: () => at("text").focus() };
  if (does[event.key]) { event.preventDefault(); does[event.key](); }
}

function start() {
  at("login").addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, at("key").value.trim());
    enter();
  });
  at("leave").addEventListener("click", () => leave());
  for (const button of document.querySelectorAll("[data-verb]")) {
    const verb = button.dataset.verb;
    button.addEventListener("click", () => {
      if (verb === "approve") return propose();
      if (verb !== "return") return act(verb);
      at("note").value = "";
      at("reason").showModal();
    });
  }
  at("reason-form").addEventListener("submit", (event) => {
    event.preventDefault();
    at("reason").close();
    act("return");
  });
  at("keep").addEventListener("click", () => at("reason").close());
  at("share-form").addEventListener("submit", (event) => {
    event.preventDefault();
    at("share").close();
    act("approve");
  });
  at("share-keep").addEventListener("click", () => at("share").close());
  document.addEventListener("keydown", onKey);
  setInterval(() => { if (!at("desk").hidden && !document.hidden && !state.busy) refresh(); }, EVERY_MS);
  if (sessionStorage.getItem(KEY)) enter(); else leave();
}

start();

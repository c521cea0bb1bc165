// The web chat of a page: <script src="https://YOUR-ARRIERO/chat.js" data-token-url="/chat-token" defer>.
// It knows no rule: it shows what /v1/APP/chat answers. No framework, no cookie, no markup from
// a text. docs/support.md lists the data-... attributes.
"use strict";

(() => {
  const script = document.currentScript;
  const told = script.dataset, server = new URL(script.src).origin, api = `${server}/v1/${told.app || "support"}/chat`;
  const DAY_MS = 86400000, KEPT_LINES = 200;
  const OPEN_MS = 3000, CLOSED_MS = 15000, LATER_MS = 30000, PATIENT_MS = 600000;
  const TEXTS = {
    title: "Customer service", open: "Chat with us", close: "Close the chat", forget: "Delete this conversation",
    greeting: "Hello! Ask me about your order, our products and our services.",
    label: "Your message", send: "Send", log: "Conversation", you: "You", bot: "Assistant", agent: "Colleague",
    understand: "Reading your message ...", gather: "Looking it up ...", draft: "Writing an answer ...", judge: "Checking the answer ...",
    unreachable: "The chat cannot be reached, so your message was not sent. Please try again in a moment.",
    busy: "That was a little fast for me. Please wait a moment and send it again.",
    broken: "Something went wrong on our side. Please send your message again.",
    ended: "Your chat has ended. Please reload the page to go on.", again: "Send again", news: "new messages",
    ...(told.texts ? JSON.parse(told.texts) : {}), ...(told.title ? { title: told.title } : {}), ...(told.greeting ? { greeting: told.greeting } : {}),
  };

  // -- what is kept: in this browser, for a day, apart for each customer ------------------------

  const fresh = () => ({ id: words(16), after: "", waits: false, lines: [], at: Date.now() });
  const state = { token: told.token || "", visitor: "", kept: fresh(), open: false, busy: false, unread: 0, timer: 0, since: 0 };

  function words(bytes) {
    return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes)))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  const place = () => `arriero.chat.${told.app || "support"}.${state.visitor}`;

  function read() {
    try {
      const found = JSON.parse(localStorage.getItem(place()));
      state.kept = found && Date.now() - found.at < DAY_MS ? found : fresh();
    } catch { state.kept = fresh(); }
  }

  function keep() {
    if (!state.visitor) return;
    state.kept.at = Date.now();
    state.kept.lines = state.kept.lines.slice(-KEPT_LINES);
    try { localStorage.setItem(place(), JSON.stringify(state.kept)); } catch { /* a private window: it lasts as long as the page */ }
  }

  // -- talking to the server ---------------------------------------------------------------------

  class Refused extends Error {
    constructor(status, message) { super(message); this.status = status; }
  }

  async function renew() {
    if (!told.tokenUrl) throw new Refused(401, TEXTS.ended);
    const answer = await fetch(told.tokenUrl, { method: "POST", credentials: "same-origin" }).catch(() => null);
    if (!answer || !answer.ok) throw new Refused(answer ? answer.status : 0, answer ? TEXTS.ended : TEXTS.unreachable);
    state.token = (await answer.json().catch(() => ({}))).token || ""; // a page to log in again, perhaps
    if (!state.token) throw new Refused(401, TEXTS.ended);
  }

  // What broke off on its way is said like a server that is gone.
  const whole = (reading) => reading.catch(() => { throw new Refused(0, TEXTS.unreachable); });

  async function call(path, options = {}, second = false) {
    if (!state.token) await renew();
    const headers = { ...options.headers, authorization: `Bearer ${state.token}` };
    const answer = await fetch(api + path, { ...options, headers, credentials: "omit" }).catch(() => null);
    if (!answer) throw new Refused(0, TEXTS.unreachable);
    if (answer.status === 401 && !second && told.tokenUrl) {
      state.token = "";
      return call(path, options, true);
    }
    if (answer.ok) return answer;
    const status = answer.status, body = await answer.json().catch(() => ({}));
    if (status === 400 && body.error) throw new Refused(status, body.error.message);
    throw new Refused(status, status === 401 ? TEXTS.ended : status === 429 || status === 503 ? TEXTS.busy : TEXTS.broken);
  }

  async function* events(answer) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const { value, done } = await whole(reader.read());
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const lines = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
        if (lines.data) yield { name: lines.event, data: JSON.parse(lines.data) };
      }
    }
  }

  async function post(line) {
    const answer = await call("/messages", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", "idempotency-key": line.key },
      body: JSON.stringify({ conversation: state.kept.id, message: line.text }),
    });
    for await (const { name, data } of events(answer)) {
      if (name === "stage" && data.state === "begun" && TEXTS[data.stage]) status(TEXTS[data.stage]);
      if (name === "answer") return data;
      if (name === "error") throw new Refused(500, TEXTS.broken);
    }
    throw new Refused(0, TEXTS.unreachable);
  }

  // -- what is seen ------------------------------------------------------------------------------

  function make(tag, attributes = {}, ...inside) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...inside);
    return node;
  }

  const host = make("div", { id: "arriero-chat" }), root = host.attachShadow({ mode: "open" });
  const badge = make("span", { class: "badge", hidden: "" });
  const launcher = make("button", { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel" }, make("span", {}, TEXTS.open), badge);
  const log = make("ol", { class: "log", role: "log", "aria-live": "polite", "aria-label": TEXTS.log, tabindex: "0" });
  const working = make("p", { class: "working", role: "status" });
  const wrong = make("p", { class: "wrong", role: "alert" });
  const text = make("textarea", { id: "text", rows: "2", maxlength: "8000", autocomplete: "off", enterkeyhint: "send" });
  const send = make("button", { type: "submit", class: "send" }, TEXTS.send);
  const forget = make("button", { type: "button", class: "plain" }, TEXTS.forget);
  const close = make("button", { type: "button", class: "close", "aria-label": TEXTS.close }, "\u00d7");
  const form = make("form", {}, make("label", { for: "text" }, TEXTS.label), text, make("p", { class: "buttons" }, forget, send));
  const panel = make("section", { id: "panel", class: "panel", "aria-label": TEXTS.title, hidden: "" },
    make("header", {}, make("h2", {}, TEXTS.title), close), log, working, wrong, form);

  function status(said) {
    working.textContent = said;
    working.classList.toggle("dots", Boolean(said));
  }

  function complain(said, line) {
    wrong.replaceChildren(said);
    if (!line) return;
    const again = make("button", { type: "button", class: "plain" }, TEXTS.again);
    again.addEventListener("click", () => deliver(line));
    wrong.append(" ", again);
  }

  function shown(line) {
    const item = make("li", { class: line.sender });
    if (TEXTS[line.sender === "customer" ? "you" : line.sender]) item.append(make("span", { class: "who" }, TEXTS[line.sender === "customer" ? "you" : line.sender]));
    item.append(make("span", { class: "said" }, line.text));
    return item;
  }

  function show() {
    log.replaceChildren(shown({ sender: "bot", text: TEXTS.greeting }), ...state.kept.lines.map(shown));
    log.scrollTop = log.scrollHeight;
  }

  function add(line) {
    state.kept.lines.push(line);
    keep();
    log.append(shown(line));
    log.scrollTop = log.scrollHeight;
    if (state.open || line.sender === "customer") return;
    state.unread += 1;
    badge.hidden = false;
    badge.textContent = String(state.unread);
    launcher.setAttribute("aria-label", `${TEXTS.open}, ${state.unread} ${TEXTS.news}`);
  }

  // -- what happens ------------------------------------------------------------------------------

  // A customer's line has its key until it is answered, so that after a reload it is sent again: the
  // server answers a key once. One that is followed by another, or refused for good, is let go.
  function settle() {
    for (const line of state.kept.lines) delete line.key;
    keep();
  }

  function resume() {
    const line = state.kept.lines.findLast((one) => one.key);
    return line && deliver({ ...line });
  }

  async function deliver(line) {
    if (state.busy) return;
    state.busy = true;
    send.disabled = true;
    wrong.replaceChildren();
    status(TEXTS.understand);
    try {
      await start();
      const answer = await post(line);
      if (!state.kept.lines.some((one) => one.key === line.key)) return; // deleted, or another tab has it
      settle();
      add({ sender: "bot", text: answer.response });
      if (answer.waits) { state.kept.waits = true; keep(); }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 400) settle();
      complain(error.message, error.status === 400 ? null : line);
    } finally {
      state.busy = false;
      send.disabled = false;
      status("");
      listen();
    }
  }

  function say() {
    const said = text.value.trim();
    if (!said || state.busy) return;
    settle();
    const line = { sender: "customer", text: said, key: words(16) };
    add(line);
    text.value = "";
    deliver({ ...line });
  }

  // What a colleague wrote. Asked for only while one has the conversation, less often with time.
  function listen(soon = false) {
    clearTimeout(state.timer);
    if (!state.kept.waits) return;
    state.since ||= Date.now();
    const pause = Date.now() - state.since > PATIENT_MS ? LATER_MS : state.open && !document.hidden ? OPEN_MS : CLOSED_MS;
    state.timer = setTimeout(hear, soon ? 0 : pause);
  }

  async function hear() {
    try {
      const { id, after } = state.kept, query = new URLSearchParams({ conversation: id, after });
      const page = await whole((await call(`/messages?${query}`)).json());
      if (state.kept.id !== id || state.kept.after !== after) return listen(); // heard meanwhile, or deleted
      for (const one of page.data) {
        state.kept.after = one.id;
        if (one.sender !== "customer") add({ sender: one.sender, text: one.text });
      }
      if (page.data.length) state.since = Date.now();
      if (!page.waits) Object.assign(state.kept, { waits: false });
      keep();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 401) return complain(error.message);
    }
    listen();
  }

  async function start() {
    if (state.visitor) return;
    const me = await whole((await call("")).json());
    if (state.visitor) return;
    const early = state.kept.lines; // written before it was known who writes
    state.visitor = me.visitor;
    read();
    state.kept.lines.push(...early);
    if (early.length) keep();
    show();
    listen(true);
  }

  async function toggle(open) {
    state.open = open;
    panel.hidden = !open;
    launcher.setAttribute("aria-expanded", String(open));
    if (!open) return launcher.focus();
    state.unread = 0;
    badge.hidden = true;
    launcher.removeAttribute("aria-label");
    text.focus();
    log.scrollTop = log.scrollHeight;
    wrong.replaceChildren(); // now: a message that fails meanwhile has to stay told
    try { await start(); listen(true); await resume(); } catch (error) {
      if (!(error instanceof Refused)) throw error;
      complain(error.message);
    }
  }

  launcher.addEventListener("click", () => toggle(!state.open));
  close.addEventListener("click", () => toggle(false));
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") toggle(false); });
  form.addEventListener("submit", (event) => { event.preventDefault(); say(); });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    say();
  });
  forget.addEventListener("click", () => {
    state.kept = fresh();
    try { localStorage.removeItem(place()); } catch { /* nothing was kept there */ }
    wrong.replaceChildren();
    show();
    text.focus();
  });
  addEventListener("storage", (event) => { if (state.visitor && event.key === place()) { read(); show(); listen(); } });
  document.addEventListener("visibilitychange", () => listen());

  const style = make("link", { rel: "stylesheet", href: `${server}/chat.css` });
  if (told.color) host.style.setProperty("--mark", told.color);
  host.hidden = true;
  style.addEventListener("load", () => { host.hidden = false; });
  root.append(style, panel, launcher);
  show();
  // A visitor who waits for a colleague learns of an answer without opening the chat.
  const waited = () => { try { return Object.keys(localStorage).some((key) => key.startsWith("arriero.chat.")); } catch { return false; } };
  const began = () => { document.body.append(host); if (waited()) start().then(resume).catch(() => {}); };
  if (document.body) began(); else addEventListener("DOMContentLoaded", began);
})();

// What every page of the console needs: its nodes, and the server asked under the key that a person
// pasted. The key stays in this tab.
"use strict";

const KEY = "arriero.key";
const at = (id) => document.getElementById(id);

function make(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

class Refused extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

// What was sent and got no answer keeps its key: sent again, it is done once all the same.
const unanswered = new Map();

function keyOf(sent) {
  if (!unanswered.has(sent)) unanswered.set(sent, Array.from(crypto.getRandomValues(new Uint32Array(4))).join("-"));
  return unanswered.get(sent);
}

async function ask(path, body) {
  const who = sessionStorage.getItem(KEY), headers = { authorization: `Bearer ${who}` };
  const sent = JSON.stringify([who, path, body]);
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    headers["idempotency-key"] = keyOf(sent);
  }
  const method = body === undefined ? "GET" : "POST";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Refused(0, "the server does not answer; it is asked again in a moment");
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.status < 500) unanswered.delete(sent);
  if (!answer.ok) throw new Refused(answer.status, told.error ? told.error.message : `error ${answer.status}`);
  return told;
}

// The queue's keys: the next comment is loaded before it is wanted, a decision is sent while the next one shows.

import { call, part } from "./calls.js";

const panes = document.querySelector("[data-queue]");
const pane = document.querySelector("[data-pane]");
const list = document.querySelector("[data-lines]");
const said = document.querySelector("[data-said]");
const keys = document.querySelector("[data-keys]");
const words = JSON.parse(document.querySelector("[data-words]").textContent);
const address = panes.dataset.address;

const FRESH_MS = 60_000;
const LEASE_AFTER_MS = 250;
const RENEW_MS = 120_000;
const WATCH_MS = 10_000;
const AHEAD = 2;

const cards = new Map(); // id -> {at, card?, coming}
const undoable = []; // {decisions, name, lines: [{line, before}]}
const done = new Set(); // ids decided here, which a list that is on its way must not bring back
let leased = null;
let leaseTimer = 0;
let coming = null; // the card of the current line, while it is on its way
const pressed = []; // keys that wait for it

const fill = (text, values) => Object.entries(values).reduce((all, [key, value]) => all.replace(`{${key}}`, value), text);
const lines = () => [...list.querySelectorAll(".line")];
const current = () => list.querySelector(".line[aria-current]");
const shown = () => pane.querySelector("[data-card]");
const picked = () => [...list.querySelectorAll("[data-pick]:checked")].map((box) => box.closest(".line"));

// What is said

function say(text, { bad = false, more = [] } = {}) {
  const line = document.createElement("p");
  if (bad) line.className = "bad";
  const words = document.createElement("span");
  words.textContent = text;
  line.append(words, ...more);
  for (const old of said.querySelectorAll("p:not(.bad)")) old.remove();
  while (said.children.length > 2) said.firstChild.remove();
  said.append(line);
  setTimeout(() => line.remove(), bad ? 30_000 : 8000);
}

function undoButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `${words.said_undo} (u)`;
  button.addEventListener("click", undo);
  return button;
}

function lookLink(id) {
  const link = document.createElement("a");
  link.href = `/desk/comments/${id}`;
  link.textContent = "→";
  return link;
}

function firstDecision(answer, id) {
  const first = answer.decision;
  if (!first) return say(words.said_offline, { bad: true });
  const reason = first.reason ? ` (${words[`said_reason_${first.reason}`] ?? first.reason})` : "";
  const act = words[`said_act_${first.act}`] ?? first.act;
  const who = first.actor.split(":").slice(1).join(":") || first.actor;
  say(fill(words.said_first, { who, act, why: reason }), { bad: true, more: [lookLink(id)] });
}

function failed(answer) {
  say(answer.http === 401 ? words.said_out : words.said_offline, { bad: true });
}

// Cards

function load(id) {
  const known = cards.get(id);
  if (known && (!known.card || Date.now() - known.at < FRESH_MS)) return known;
  const entry = { at: Date.now() };
  entry.coming = part(`/desk/comments/${id}/card`)
    .then((made) => (entry.card = made.querySelector("[data-card]")))
    .catch(() => cards.delete(id) && null);
  cards.set(id, entry);
  return entry;
}

function forget(id) {
  cards.delete(id);
}

function ahead(line) {
  for (let at = line?.nextElementSibling, left = AHEAD; at && left; at = at.nextElementSibling, left -= 1) {
    if (at.dataset.id) load(at.dataset.id);
  }
}

function put(card) {
  for (const hidden of card.querySelectorAll("[data-cluster], [data-skip]")) hidden.hidden = false;
  pane.replaceChildren(card);
  pane.scrollTop = 0;
  card.focus({ preventScroll: true });
  if (panes.classList.contains("reading")) scrollTo({ top: 0 });
}

function show(line, { reading = false } = {}) {
  leave();
  // A line that was put back may still be marked from before it was decided.
  for (const marked of list.querySelectorAll("[aria-current]")) marked.removeAttribute("aria-current");
  panes.classList.toggle("reading", (reading || panes.classList.contains("reading")) && Boolean(line));
  if (!line) {
    const nothing = document.createElement("p");
    nothing.className = "nothing";
    nothing.textContent = words.said_end;
    pane.replaceChildren(nothing);
    history.replaceState(null, "", `?${address}`);
    return;
  }
  line.setAttribute("aria-current", "true");
  line.scrollIntoView({ block: "nearest" });
  const id = line.dataset.id;
  const entry = load(id);
  coming = entry.card ? put(entry.card) : entry.coming.then((card) => card && current() === line && put(card));
  history.replaceState(null, "", `?${address}${address && "&"}item=${id}`);
  leaseTimer = setTimeout(() => lease(id), LEASE_AFTER_MS);
  ahead(line);
  more();
}

function neighbour(line) {
  const step = (at, way) => {
    for (at = at?.[way]; at; at = at[way]) {
      const taken = at.classList.contains("skipped") || at.querySelector("[data-reader]")?.textContent;
      if (at.matches(".line") && !taken) return at;
    }
    return null;
  };
  return step(line, "nextElementSibling") ?? step(line, "previousElementSibling");
}

async function more() {
  const left = lines().length - lines().indexOf(current()) - 1;
  if (left > 10 || !list.dataset.next || list.dataset.busy) return;
  list.dataset.busy = "1";
  try {
    const query = `${address}${address && "&"}cursor=${encodeURIComponent(list.dataset.next)}`;
    const made = (await part(`/desk/queue/lines?${query}`)).querySelector("[data-lines]");
    list.dataset.next = made.dataset.next;
    const known = new Set(lines().map((line) => line.dataset.id));
    for (const line of made.querySelectorAll(".line")) {
      if (!known.has(line.dataset.id) && !done.has(line.dataset.id)) list.append(ready(line));
    }
  } catch {
    // The next key press tries again.
  }
  delete list.dataset.busy;
}

// Who reads what

async function lease(id) {
  if (current()?.dataset.id !== id) return;
  leased = id;
  const answer = await call("POST", `/v1/review/comments/${id}/lease`);
  if (answer.http === 409 && shown()?.dataset.id === id && answer.lease) {
    leased = null;
    readBy(id, answer.lease.by.split(":").slice(1).join(":") || answer.lease.by);
  }
}

function readBy(id, name) {
  const text = name ? fill(words.read_by, { name }) : "";
  const note = shown()?.dataset.id === id && shown().querySelector("[data-read-by]");
  if (note) {
    note.textContent = text;
    note.hidden = !text;
  }
  const mark = list.querySelector(`[data-id="${id}"] [data-reader]`);
  if (mark) mark.textContent = text;
}

function leave() {
  clearTimeout(leaseTimer);
  if (leased && !done.has(leased)) call("DELETE", `/v1/review/comments/${leased}/lease`);
  leased = null;
}

// Decisions

function take(line) {
  const place = { line, before: line.nextElementSibling };
  done.add(line.dataset.id);
  line.removeAttribute("aria-current");
  line.remove();
  return place;
}

function putBack({ line, before }) {
  done.delete(line.dataset.id);
  line.querySelector("[data-pick]").checked = false;
  line.classList.remove("skipped");
  if (before?.parentElement === list) before.before(line);
  else if (before) list.prepend(line);
  else list.append(line);
}

// Decisions are heard in the order in which they were made, and undoing waits until the last one was.
let underway = Promise.resolve();

function inTurn(asked) {
  const answer = underway.then(() => asked);
  underway = answer.catch(() => null);
  return answer;
}

async function decide(ask, label) {
  const card = shown();
  if (!card || card.dataset.mine !== "yes") return;
  const { id, version, name } = card.dataset;
  const line = list.querySelector(`[data-id="${id}"]`);
  const next = line && neighbour(line);
  const place = line && take(line);
  count(-1);
  show(next);
  const asked = call("POST", `/v1/review/comments/${id}/decision`, { ...ask, version: Number(version) });
  const answer = await inTurn(asked);
  forget(id);
  if (answer.http === 200) {
    remember({ decisions: [answer.decision.id], name, lines: place ? [place] : [] });
    say(fill(label, { name }), { more: [undoButton()] });
    // Who has cleared the list sees the other lists' numbers as they are now.
    if (!next) watch();
  } else if (answer.http === 409) {
    firstDecision(answer, id);
  } else {
    if (place) putBack(place);
    count(1);
    failed(answer);
    if (place) show(place.line);
  }
}

async function decideMany(items, ask) {
  const wanted = items.slice(0, 500);
  const places = wanted.map(({ id }) => list.querySelector(`[data-id="${id}"]`)).filter(Boolean);
  const after = places.includes(current()) ? remaining(places) : current();
  const answer = await inTurn(call("POST", "/v1/review/decisions", { ...ask, items: wanted }));
  if (answer.http !== 200) return failed(answer);
  const good = answer.results.filter((one) => one.status === 200);
  const taken = [];
  for (const one of answer.results) {
    forget(one.id);
    const line = list.querySelector(`[data-id="${one.id}"]`);
    if (line && one.status !== 403) {
      const place = take(line);
      if (one.status === 200) taken.push(place);
    }
  }
  count(-good.length);
  remember({ decisions: good.map((one) => one.decision.id), name: "", lines: taken });
  const left = answer.results.length - good.length;
  const text = fill(left ? words.said_bulk_some : words.said_bulk, { done: good.length, left });
  say(text, { more: good.length ? [undoButton()] : [], bad: Boolean(left) });
  selection();
  show(after && list.contains(after) ? after : lines()[0]);
}

function remaining(places) {
  return lines().find((line) => !places.includes(line) && line.compareDocumentPosition(current()) & 2) ?? null;
}

function remember(entry) {
  undoable.push(entry);
  try {
    const kept = undoable.slice(-20).map(({ decisions, name }) => ({ decisions, name }));
    sessionStorage.setItem("duyet-undo", JSON.stringify(kept));
  } catch {
    // Without storage a reload forgets what can be undone by a key; the history still shows it.
  }
}

async function undo() {
  await underway;
  const entry = undoable.pop();
  if (!entry) return say(words.said_nothing_to_undo);
  const many = entry.decisions.length > 1;
  const answer = many
    ? await call("POST", "/v1/review/undo-many", { decisions: entry.decisions })
    : await call("POST", "/v1/review/undo", { decision: entry.decisions[0] });
  sessionStorage.setItem("duyet-undo", JSON.stringify(undoable.map(({ decisions, name }) => ({ decisions, name }))));
  if (answer.http === 409) return firstDecision(answer, entry.lines[0]?.line.dataset.id ?? "");
  if (answer.http !== 200) {
    undoable.push(entry);
    return failed(answer);
  }
  const undone = many ? answer.results.filter((one) => one.status === 200).map((one) => one.undone) : [answer.decision];
  const versions = new Map(undone.map((row) => [row.comment, row.version]));
  for (const place of entry.lines.reverse()) {
    const { id } = place.line.dataset;
    forget(id);
    if (versions.has(id)) {
      place.line.dataset.version = versions.get(id);
      putBack(place);
    }
  }
  count(undone.length);
  say(fill(words.said_undone, { name: entry.name || String(undone.length) }));
  const first = entry.lines.at(-1)?.line;
  if (first && list.contains(first)) show(first);
  else if (undone[0]) location.assign(`?${address}${address && "&"}item=${undone[0].comment}`);
}

function count(change) {
  const view = new URLSearchParams(address).get("view") ?? "held";
  const number = document.querySelector(`[data-count="${view}"]`);
  if (number && /^\d+$/.test(number.textContent)) number.textContent = Math.max(0, Number(number.textContent) + change);
}

const RULINGS = {
  approve: [{ outcome: "approve" }, "said_approve"],
  mask: [{ outcome: "approve", mask: true }, "said_approve"],
  hold: [{ outcome: "hold" }, "said_hold"],
  escalate: [{ outcome: "hold", escalate: true }, "said_escalate"],
};

function act(name, note = "") {
  const [kind, reason] = name.split(":");
  if (kind === "reject" && reason === "other" && !note.trim()) return otherNote();
  if (picked().length && (kind === "approve" || kind === "reject")) {
    const items = picked().map((line) => ({ id: line.dataset.id, version: Number(line.dataset.version) }));
    return decideMany(items, { outcome: kind, ...(reason && { reason, note }) });
  }
  if (kind === "reject") return decide({ outcome: "reject", reason, note }, words.said_reject);
  return decide(RULINGS[kind][0], words[RULINGS[kind][1]]);
}

function reasons(open) {
  const menu = shown()?.querySelector("[data-reasons]");
  if (menu) menu.open = open;
  return menu;
}

function otherNote() {
  reasons(true)?.querySelector("[data-other]").focus();
}

async function sendNote(form) {
  const { id, version } = shown().dataset;
  const note = form.elements.note.value;
  const answer = await call("POST", `/v1/review/comments/${id}/notes`, { note, version: Number(version) });
  if (answer.http === 409) firstDecision(answer, id);
  else if (answer.http !== 200) return failed(answer);
  else say(words.said_note);
  forget(id);
  const line = list.querySelector(`[data-id="${id}"]`);
  if (line) line.dataset.version = answer.comment?.version ?? line.dataset.version;
  const card = await load(id).coming;
  if (card && shown()?.dataset.id === id) put(card);
}

async function sendPhone(form) {
  const { id } = shown().dataset;
  const answer = await call("POST", `/v1/review/comments/${id}/phone`, { reason: form.elements.reason.value });
  if (answer.http !== 200) return failed(answer);
  shown().querySelector("[data-phone]").textContent = answer.phone ?? "–";
  shown().querySelector("[data-reveal]").remove();
}

// Selection

function selection() {
  const number = picked().length;
  document.querySelector("[data-bulk]").hidden = !number;
  if (!number) document.querySelector("[data-bulk-reasons]").hidden = true;
  document.querySelector("[data-selected]").textContent = fill(words.selected, { count: number });
}

function ready(line) {
  line.querySelector("[data-pick]").hidden = false;
  return line;
}

// What comes in by pointer, form and key

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-form]");
  if (!form || !shown()?.contains(form)) return;
  event.preventDefault();
  if (form.dataset.form === "note") return sendNote(form);
  if (form.dataset.form === "phone") return sendPhone(form);
  reasons(false);
  act(event.submitter?.value ?? "reject:other", form.elements.note?.value ?? "");
});

document.addEventListener("click", (event) => {
  const target = event.target;
  const line = target.closest(".line > a")?.parentElement;
  if (line && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    return show(line, { reading: true });
  }
  if (target.closest("[data-to-list]")) {
    event.preventDefault();
    panes.classList.remove("reading");
    return current()?.scrollIntoView({ block: "center" });
  }
  if (target.closest("[data-help]")) return keys.showModal();
  if (target.closest("[data-skip]")) return skip();
  const bulk = target.closest("[data-bulk-do]");
  if (bulk) return act(bulk.dataset.reason ? `reject:${bulk.dataset.reason}` : bulk.dataset.bulkDo);
  if (target.closest("[data-bulk-reject]")) {
    const menu = document.querySelector("[data-bulk-reasons]");
    menu.hidden = !menu.hidden;
    target.closest("[data-bulk-reject]").setAttribute("aria-expanded", String(!menu.hidden));
  }
  if (target.closest("[data-bulk-all], [data-bulk-none]")) {
    for (const box of list.querySelectorAll("[data-pick]")) box.checked = Boolean(target.closest("[data-bulk-all]"));
    selection();
  }
  const cluster = target.closest("[data-cluster-do]");
  if (cluster) {
    const items = cluster.closest("[data-cluster]").dataset.cluster.split(",").map((one) => {
      const [id, version] = one.split(":");
      return { id, version: Number(version) };
    });
    const outcome = cluster.dataset.clusterDo;
    decideMany(items, { outcome, ...(outcome === "reject" && { reason: "duplicate" }) });
  }
});

list.addEventListener("change", (event) => event.target.matches("[data-pick]") && selection());

function skip() {
  const line = current();
  if (!line) return;
  line.classList.add("skipped");
  show(neighbour(line));
}

function move(way) {
  const line = current();
  const to = line ? line[way] : lines()[0];
  if (to?.matches(".line")) show(to);
}

const KEYS = {
  j: () => move("nextElementSibling"),
  k: () => move("previousElementSibling"),
  a: () => act("approve"),
  m: () => shown()?.dataset.maskable === "yes" && act("mask"),
  e: () => act("escalate"),
  s: skip,
  u: undo,
  x: () => {
    const box = current()?.querySelector("[data-pick]");
    if (box) box.checked = !box.checked;
    selection();
  },
  r: () => reasons(true),
  n: () => {
    const menu = shown()?.querySelector("[data-noting]");
    if (!menu) return;
    menu.open = true;
    menu.querySelector("textarea").focus();
  },
  "/": () => document.querySelector("[data-search]").focus(),
  "?": () => keys.showModal(),
};

function escape(target) {
  target.blur?.();
  reasons(false);
  const noting = shown()?.querySelector("[data-noting]");
  if (noting?.open) noting.open = false;
  else if (panes.classList.contains("reading")) panes.classList.remove("reading");
  shown()?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  // 229 is what a key says while an input method is still composing.
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) {
    if (event.ctrlKey && event.key === "Enter" && event.target.matches?.("[data-noting] textarea")) {
      event.target.form.requestSubmit();
    }
    return;
  }
  if (keys.open) return;
  if (event.key === "Escape") return escape(event.target);
  if (event.target.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : "";
  if (!KEYS[key] && !(/^[0-9]$/.test(key) && (pressed.length || menuOpen()))) return;
  event.preventDefault();
  if (event.repeat && key !== "j" && key !== "k") return;
  if (!pressed.length && (!OF_CARD.has(key) || !lacking())) return press(key);
  pressed.push(key);
  if (pressed.length === 1) pressWaiting();
});

// What decides must not fall on the comment before, whose card still stands there.
const OF_CARD = new Set("aemnr");
const lacking = () => current() && shown()?.dataset.id !== current().dataset.id;
const menuOpen = () => shown()?.querySelector("[data-reasons]")?.open;

function press(key) {
  if (KEYS[key]) return KEYS[key]();
  if (!menuOpen()) return;
  const button = shown().querySelectorAll("[data-reasons] .sheet > button")[(Number(key) + 9) % 10];
  reasons(false);
  if (button) act(button.value);
}

async function pressWaiting() {
  while (pressed.length) {
    await coming;
    const key = pressed[0];
    if (!OF_CARD.has(key) || !lacking()) press(key);
    pressed.shift();
  }
}

// What others do meanwhile

async function watch() {
  if (document.hidden) return;
  const answer = await call("GET", `/desk/queue/waiting?${address}`);
  if (answer.http !== 200) return;
  for (const [view, number] of Object.entries(answer.counts)) {
    const place = document.querySelector(`[data-count="${view}"]`);
    if (place) place.textContent = number > 10_000 ? "10.000+" : number;
  }
  document.querySelector("[data-oldest]").textContent = answer.oldest;
  const late = document.querySelector("[data-late]");
  late.hidden = !answer.late;
  late.textContent = fill(words.said_late, { count: answer.late });
  for (const line of lines()) readBy(line.dataset.id, answer.readers[line.dataset.id] ?? "");
  const known = new Set([...lines().map((line) => line.dataset.id), ...done]);
  const fresh = answer.first.filter((id) => !known.has(id)).length;
  const note = document.querySelector("[data-fresh]");
  note.hidden = !fresh;
  note.firstElementChild.textContent = fill(words.said_fresh, { count: fresh });
}

lines().forEach(ready);
if (innerWidth > 880) document.querySelector("[data-narrowing]").open = true;
document.querySelector("[data-help]").hidden = false;
document.querySelector("[data-plain-undo]")?.remove();
try {
  undoable.push(...JSON.parse(sessionStorage.getItem("duyet-undo") ?? "[]").map((one) => ({ ...one, lines: [] })));
} catch {
  // What an earlier page kept cannot be read; its decisions stay in the history.
}
if (shown()) {
  const { id } = shown().dataset;
  cards.set(id, { at: Date.now(), card: shown(), coming: Promise.resolve(shown()) });
  for (const hidden of pane.querySelectorAll("[data-cluster], [data-skip]")) hidden.hidden = false;
  lease(id);
  ahead(current());
}
setInterval(watch, WATCH_MS);
setInterval(() => leased && !document.hidden && call("POST", `/v1/review/comments/${leased}/lease`), RENEW_MS);
addEventListener("pagehide", leave);
panes.dataset.ready = "yes";

// Log content on the page: always text nodes, always with the invisible made visible.
// Also the fourth and later of a pile of combining marks, which would be drawn over the lines around them.
const UNSEEN = /(?<=\p{M}{3})\p{M}|[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
const UNSEEN_BUT_LINES = new RegExp(`(?![\\n\\t])(?:${UNSEEN.source})`, "gu");
const code = (char) => `\\u{${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}}`;

/** The text with invisible characters spelled out: for labels, titles and the canvas. */
const visible = (text) => String(text ?? "").replace(UNSEEN, code);

/** Shorten to `length` for places where no reader can expand; the whole is one click away elsewhere. */
function brief(text, length) {
  const whole = String(text ?? "");
  if (whole.length <= length) return visible(whole);
  return `${visible(whole.slice(0, Math.ceil(length * 0.6)))}…${visible(whole.slice(-Math.floor(length * 0.35)))}`;
}

/** Make an element; children are nodes or strings, and strings become text nodes. */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "on") for (const [type, call] of Object.entries(value)) node.addEventListener(type, call);
    else if (name === "vars") for (const [key, v] of Object.entries(value)) node.style.setProperty(`--${key}`, v);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

function fillText(node, text, lines) {
  const pattern = lines ? UNSEEN_BUT_LINES : UNSEEN;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) node.append(text.slice(from, match.index));
    node.append(el("span", { class: "escaped" }, code(match[0])));
    from = match.index + match[0].length;
  }
  if (from < text.length) node.append(text.slice(from));
}

const STEP = 20000;

/** Log text: escaped, kept left to right, clipped at `clip` characters with a button for more. */
function log(text, { clip = 240, lines = false, tag = "span", kind = "" } = {}) {
  const node = el(tag, { class: `log ${kind}`.trim(), dir: "ltr" });
  const whole = String(text ?? "");
  let shown = 0;
  const grow = (amount) => {
    let to = Math.min(whole.length, shown + amount);
    const last = whole.charCodeAt(to - 1);
    if (to < whole.length && last >= 0xd800 && last < 0xdc00) to -= 1;
    fillText(node, whole.slice(shown, to), lines);
    shown = to;
    if (shown >= whole.length) return;
    const button = el("button", { class: "link more", type: "button" }, word("more", { n: number(whole.length - shown) }));
    button.addEventListener("click", (event) => { event.stopPropagation(); button.remove(); grow(STEP); });
    node.append(button);
  };
  grow(clip);
  return node;
}

/** A raw record for reading: JSON indented, everything else as it stands. */
function pretty(raw) {
  try { return JSON.stringify(JSON.parse(raw), null, 2); } catch { return raw; }
}

function baseName(path) {
  const text = String(path ?? "").replace(/[\\/]+$/, "");
  return text.slice(Math.max(text.lastIndexOf("\\"), text.lastIndexOf("/")) + 1) || text;
}

/** The last part of a source: the file inside an archive. */
const shortSource = (source) => baseName(String(source ?? "").split("::").pop());

/** An event id without the way to its file: `a/b.zip::c/d.evtx#7` is `d.evtx#7`. */
function shortId(id) {
  const text = String(id ?? "");
  const mark = text.lastIndexOf("#");
  return mark < 0 ? text : shortSource(text.slice(0, mark)) + text.slice(mark);
}

const PROGRAM = /^\s*(?:"([^"]+)"|((?:[A-Za-z]:|\\\\)[^"]{0,400}?\.(?:exe|com|scr|bat|cmd|ps1|msi))(?=\s|$)|(\S+))/i;

/** The program that a command line starts, as written there. */
function programOf(line) {
  const found = PROGRAM.exec(String(line ?? "").slice(0, 1000));
  return found ? found[1] || found[2] || found[3] : String(line ?? "");
}

const iso = (ms) => (Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : "");
const clockOf = (ms, digits = 0) => iso(ms).slice(11, digits ? 23 : 19);
const dayOf = (ms) => iso(ms).slice(0, 10);
const percent = (share) => `${Math.round((share || 0) * 100)}%`;

function span(ms) {
  const s = Math.round(ms / 1000);
  const units = language() ? ["天", "小时", "分", "秒"] : ["d", "h", "min", "s"];
  const parts = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60, s % 60];
  const first = parts.findIndex((p) => p > 0);
  if (first < 0) return `${Math.max(0, Math.round(ms))} ms`;
  return parts.slice(first, first + 2).map((p, i) => (p ? `${p} ${units[first + i]}` : "")).filter(Boolean).join(" ");
}

const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

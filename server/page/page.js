// The living part of the status page. What the server sends is only ever put in place as text: names come from
// clients.
"use strict";

const $ = (id) => document.getElementById(id);

/** An element with attributes and children; strings become text. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const grouped = (value) =>
  Number.isSafeInteger(value)
    ? String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f")
    : `2^${Math.round(Math.log2(value))}`;
const clock = (iso) => iso.slice(11, 19);
const percent = (share) =>
  share <= 0 ? "0 %" : share >= 1 ? "100 %" : `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)} %`;

async function ask(path, parameters = {}) {
  const query = new URLSearchParams(
    Object.entries(parameters).filter(([, value]) => value !== undefined && value !== ""),
  );
  const answer = await fetch(`${path}?${query}`);
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error ?? `the server answered ${answer.status}`);
  return data;
}

/* Addresses: as BigInt, and as RFC 5952 writes them. */

function addressOf(text) {
  const [head, tail] = text.split("::");
  const groups = (part) => (part ? part.split(":") : []);
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array(8 - before.length - after.length).fill("0");
  return [...before, ...(tail === undefined ? [] : zeros), ...after].reduce(
    (sum, group) => (sum << 16n) | BigInt(parseInt(group, 16)),
    0n,
  );
}

function addressText(address) {
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((address >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  let best = { at: 0, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === "0") length++;
    if (length > best.length) best = { at, length };
  }
  if (best.length < 2) return groups.join(":");
  return `${groups.slice(0, best.at).join(":")}::${groups.slice(best.at + best.length).join(":")}`;
}

const lengthOf = (prefix) => Number(prefix.split("/")[1]);

/** The part of `prefix` with this number among those of `length`. */
function partOf(prefix, index, length) {
  const base = addressOf(prefix.split("/")[0]);
  return `${addressText(base | (BigInt(index) << BigInt(128 - length)))}/${length}`;
}

function cut(prefix, length) {
  const shift = BigInt(128 - length);
  return `${addressText((addressOf(prefix.split("/")[0]) >> shift) << shift)}/${length}`;
}

/* The map of a pool. Cells lie in Z-order, so that every prefix is a square (or two side by side). */

const STATES = ["free", "offered", "bound", "resting", "declined"];
const OUTSIDE = 255;
const FULL = 200;
/** Smaller cells are hard to hit: a click enlarges what is around. */
const EASY_PX = 9;

const map = { pool: 0, view: undefined, at: 0, selected: undefined, hasCursor: false };

function setUpMap(pools) {
  const section = $("map");
  section.append(
    el(
      "div",
      { class: "bar" },
      el(
        "select",
        { id: "pool", "aria-label": "Pool", onchange: (event) => showPool(Number(event.target.value)) },
        ...pools.map(({ pool, length }, i) => el("option", { value: i }, `${pool} in /${length}`)),
      ),
      el("button", { id: "out", type: "button", onclick: zoomOut }, "Zoom out"),
      el("span", { id: "crumbs", class: "mono" }),
    ),
    el(
      "div",
      { class: "map" },
      el("canvas", {
        id: "cells",
        tabindex: 0,
        role: "application",
        "aria-label": "Map of the pool. Arrow keys move, Enter opens, Backspace zooms out.",
        "aria-describedby": "detail",
      }),
      el(
        "div",
        {},
        el("div", { id: "detail", "aria-live": "polite" }),
        el("dl", { id: "legend" }),
        el("p", { class: "note" }, "Arrow keys move, Enter or a click opens, Backspace zooms out."),
      ),
    ),
  );
  const canvas = $("cells");
  canvas.addEventListener("pointermove", (event) => point(event, false));
  canvas.addEventListener("click", (event) => point(event, true));
  canvas.addEventListener("keydown", onMapKey);
  canvas.addEventListener("blur", () => {
    map.hasCursor = false;
    draw();
  });
  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    draw();
    drawLegend();
  });
}

async function showPool(pool) {
  map.pool = pool;
  await show(undefined);
}

/** Shows a part of the pool; a failure is said where the lease would be. */
async function show(within) {
  try {
    const view = await ask("/api/map", { pool: map.pool, within });
    view.cells = Uint8Array.from(atob(view.cells), (char) => char.charCodeAt(0));
    const isSame = map.view?.within === view.within && map.view.pool === view.pool;
    map.view = view;
    if (!isSame) {
      map.at = 0;
      map.selected = undefined;
      describe(0);
      crumbs();
    }
    drawLegend();
    draw();
  } catch (error) {
    $("detail").replaceChildren(el("p", { class: "ill" }, error.message));
  }
}

/** Columns and rows: of an odd number of bits one more for the columns. */
function gridOf({ within, length }) {
  const bits = length - lengthOf(within);
  return { columns: 2 ** Math.ceil(bits / 2), rows: 2 ** Math.floor(bits / 2), bits };
}

/** Bits from the lowest one on belong to column and row in turn. */
function placeOf(index, bits) {
  let [x, y] = [0, 0];
  for (let bit = 0; bit < bits; bit += 2) {
    x |= ((index >> bit) & 1) << (bit / 2);
    y |= ((index >> (bit + 1)) & 1) << (bit / 2);
  }
  return [x, y];
}

function indexAt(x, y, bits) {
  let index = 0;
  for (let bit = 0; bit < bits; bit += 2) {
    index |= ((x >> (bit / 2)) & 1) << bit;
    index |= ((y >> (bit / 2)) & 1) << (bit + 1);
  }
  return index;
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return Object.fromEntries(
    [...STATES, "outside", "grid", "panel", "text", "accent"].map((name) => [name, of(name)]),
  );
}

function draw() {
  const { view } = map;
  if (view === undefined) return;
  const canvas = $("cells");
  const { columns, rows, bits } = gridOf(view);
  const dpr = devicePixelRatio || 1;
  const side = Math.max(1, Math.floor((canvas.clientWidth * dpr) / Math.max(columns, 1)));
  const [width, height] = [side * columns, side * rows];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.style.aspectRatio = `${columns} / ${rows}`;
  const context = canvas.getContext("2d");
  const palette = colours();
  context.fillStyle = palette.free;
  context.fillRect(0, 0, width, height);
  const gap = side >= 12 ? Math.max(1, Math.round(side / 16)) : side >= 4 ? 1 : 0;
  view.cells.forEach((code, index) => {
    if (code === 0) return;
    const [x, y] = placeOf(index, bits);
    drawCell(context, view.kind, code, x * side, y * side, side - gap, palette);
  });
  if (gap > 0) rule(context, side, gap, columns, rows, palette.grid);
  else rule(context, side * 16, 1, columns / 16, rows / 16, palette.grid);
  for (const [index, style] of [
    [map.selected, palette.text],
    [map.hasCursor ? map.at : undefined, palette.accent],
  ]) {
    if (index === undefined) continue;
    const [x, y] = placeOf(index, bits);
    context.strokeStyle = style;
    context.lineWidth = Math.max(2, dpr);
    context.strokeRect(x * side - 1, y * side - 1, side + 2 - gap, side + 2 - gap);
  }
}

/** Lines behind each cell, or each block of them. */
function rule(context, side, gap, columns, rows, colour) {
  context.fillStyle = colour;
  for (let x = 1; x <= columns; x++) context.fillRect(x * side - gap, 0, gap, rows * side);
  for (let y = 1; y <= rows; y++) context.fillRect(0, y * side - gap, columns * side, gap);
}

/** Each state has a shape besides its colour; how full a block is, is how high it is filled. */
function drawCell(context, kind, code, x, y, side, palette) {
  if (code === OUTSIDE) {
    context.fillStyle = palette.outside;
    context.fillRect(x, y, side + 2, side + 2);
    return;
  }
  if (kind === "blocks") {
    const height = Math.max(1, Math.round((side * code) / FULL));
    context.fillStyle = palette.bound;
    context.fillRect(x, y + side - height, side, height);
    return;
  }
  const state = STATES[code];
  context.fillStyle = palette[state];
  const half = Math.ceil(side / 2);
  if (state === "bound") context.fillRect(x, y, side, side);
  else if (state === "resting") context.fillRect(x, y + side - half, side, half);
  else if (state === "offered") {
    const line = Math.max(1, Math.round(side / 5));
    context.fillRect(x, y, side, side);
    context.fillStyle = palette.free;
    context.fillRect(x + line, y + line, side - 2 * line, side - 2 * line);
  } else {
    const line = Math.max(1, side / 4);
    context.lineWidth = line;
    context.strokeStyle = palette[state];
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + side, y + side);
    context.moveTo(x + side, y);
    context.lineTo(x, y + side);
    context.stroke();
  }
}

function drawLegend() {
  const { view } = map;
  if (view === undefined) return;
  const palette = colours();
  const counts = STATES.map((_, code) => view.cells.reduce((sum, each) => sum + (each === code), 0));
  const rows =
    view.kind === "pieces"
      ? STATES.map((state, code) => [code, `${state}: ${grouped(counts[code])}`])
      : [
          [0, "free"],
          [60, "taken in part, by the height"],
          [FULL, "full"],
        ];
  $("legend").replaceChildren(
    ...rows.flatMap(([code, text]) => {
      const sample = el("canvas", { width: 32, height: 32, "aria-hidden": "true" });
      const context = sample.getContext("2d");
      context.fillStyle = palette.free;
      context.fillRect(0, 0, 32, 32);
      if (code > 0) drawCell(context, view.kind, code, 0, 0, 32, palette);
      return [el("dt", {}, sample), el("dd", {}, text)];
    }),
  );
}

function point(event, isClick) {
  const { view } = map;
  if (view === undefined) return;
  const { columns, rows, bits } = gridOf(view);
  const box = $("cells").getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
  const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
  if (column < 0 || row < 0 || column >= columns || row >= rows) return;
  const index = indexAt(column, row, bits);
  if (isClick) void open(index, box.width / columns < EASY_PX);
  else if (map.selected === undefined) describe(index);
}

function onMapKey(event) {
  const { view } = map;
  if (view === undefined) return;
  const { columns, rows, bits } = gridOf(view);
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const step = steps[event.key];
  if (step !== undefined) {
    const [x, y] = placeOf(map.at, bits);
    const far = event.shiftKey ? 16 : 1;
    const clamp = (value, limit) => Math.min(limit - 1, Math.max(0, value));
    map.at = indexAt(clamp(x + step[0] * far, columns), clamp(y + step[1] * far, rows), bits);
    map.hasCursor = true;
    map.selected = undefined;
    describe(map.at);
    draw();
  } else if (event.key === "Enter" || event.key === " ") void open(map.at, false);
  else if (event.key === "Backspace" || event.key === "Escape") zoomOut();
  else return;
  event.preventDefault();
}

function describe(index) {
  const { view } = map;
  const prefix = partOf(view.within, index, view.length);
  const code = view.cells[index];
  let text = STATES[code];
  if (code === OUTSIDE) text = "not of this pool";
  else if (view.kind === "blocks") {
    text = code === 0 ? "all free" : code === FULL ? "full" : `about ${percent(code / FULL)} taken`;
  }
  $("detail").replaceChildren(el("p", {}, el("code", {}, prefix)), el("p", { class: "note" }, text));
}

/** A hit that may be meant for its neighbour, or a block, is enlarged; of a piece its lease is shown. */
async function open(index, isNear) {
  const { view } = map;
  const prefix = partOf(view.within, index, view.length);
  const length = lengthOf(view.within);
  if (isNear && view.length - length > 4) return show(cut(prefix, length + 4));
  if (view.kind === "blocks") return show(prefix);
  map.at = index;
  map.selected = index;
  describe(index);
  draw();
  if (view.cells[index] === 0 || view.cells[index] === OUTSIDE) return;
  try {
    const { rows } = await ask("/api/leases", { query: prefix });
    if (map.view === view && map.selected === index) $("detail").append(...rows.map(leaseDetail));
  } catch (error) {
    $("detail").append(el("p", { class: "ill" }, error.message));
  }
}

const ends = ({ ends: at }) => (at === null ? "never" : `${at.slice(0, 10)} ${clock(at)} UTC`);

function leaseDetail(lease) {
  const facts = {
    prefix: lease.prefix,
    client: lease.client,
    IAID: String(lease.iaid),
    interface: lease.interface,
    address: lease.address ?? "not heard",
    ...(lease.relay === null ? {} : { relay: lease.relay }),
    since: `${lease.since.slice(0, 10)} ${clock(lease.since)} UTC`,
    ends: ends(lease),
  };
  return el(
    "dl",
    {},
    ...Object.entries(facts).flatMap(([title, text]) => [
      el("dt", {}, title),
      el("dd", { class: "mono" }, text),
    ]),
  );
}

function zoomOut() {
  const { view } = map;
  if (view === undefined || view.within === view.root) return;
  const length = Math.max(lengthOf(view.root), lengthOf(view.within) - 4);
  void show(cut(view.within, length));
}

function crumbs() {
  const { view } = map;
  $("out").disabled = view.within === view.root;
  const count = 2 ** (view.pieceLength - lengthOf(view.within));
  $("crumbs").replaceChildren(`${view.within}: ${grouped(count)} of /${view.pieceLength}`);
}

/* Rates: two lines at most in each plot, the second one dashed. */

const PLOTS = [
  { title: "messages a second", lines: [["answered", "answered"]], per: 10 },
  {
    title: "leases in ten seconds",
    lines: [
      ["came", "came"],
      ["went", "went"],
    ],
    per: 1,
  },
  {
    title: "refusals and drops in ten seconds",
    lines: [
      ["refused", "refused"],
      ["dropped", "dropped"],
    ],
    per: 1,
  },
];
const KEPT = 360;
let samples = [];

function setUpRates() {
  $("rates").append(el("div", { id: "plots" }, ...PLOTS.map((_, i) => el("figure", { id: `plot-${i}` }))));
}

function drawPlots() {
  PLOTS.forEach(({ title, lines, per }, i) => {
    const values = lines.map(([key]) => samples.map((sample) => sample[key] / per));
    const top = niceTop(Math.max(...values.flat(), 0));
    const [width, height] = [360, 100];
    const path = (row) =>
      row
        .map(
          (value, at) =>
            `${at === 0 ? "M" : "L"}${KEPT - row.length + at} ${height - (value / top) * height}`,
        )
        .join("");
    const now = lines.map(([, name], n) => `${name} ${round(values[n].at(-1) ?? 0)}`).join(", ");
    $(`plot-${i}`).replaceChildren(
      el("figcaption", {}, `${title}: ${now}${lines.length > 1 ? " (dashed)" : ""}; top ${round(top)}`),
      svg(
        "svg",
        {
          viewBox: `0 -2 ${width} ${height + 4}`,
          preserveAspectRatio: "none",
          role: "img",
          "aria-label": now,
        },
        ...[0, 0.5, 1].map((at) =>
          svg("path", {
            class: "axis",
            d: `M0 ${at * height}H${width}`,
            "vector-effect": "non-scaling-stroke",
          }),
        ),
        ...values.map((row, n) => svg("path", { class: n === 0 ? "a" : "b", d: path(row) })),
      ),
    );
  });
}

const round = (value) =>
  value >= 10 || Number.isInteger(value) ? grouped(Math.round(value)) : value.toFixed(1);

function niceTop(most) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  return [1, 2, 5, 10].map((factor) => factor * unit).find((top) => top >= most) ?? most;
}

/* Leases: what is looked for is looked for by the server, 200 at a time. */

const COLUMNS = ["prefix", "state", "client", "IAID", "interface", "address", "ends"];
const list = { before: [], after: undefined, next: null, asked: 0 };

function setUpLeases() {
  const again = () => {
    list.before = [];
    list.after = undefined;
    void listLeases();
  };
  let pause;
  $("leases").append(
    el(
      "form",
      {
        class: "bar",
        role: "search",
        onsubmit: (event) => {
          event.preventDefault();
          again();
        },
      },
      el("input", {
        id: "query",
        type: "search",
        placeholder: "prefix, address, DUID or interface",
        "aria-label": "Prefix, address, DUID or interface",
        spellcheck: "false",
        autocomplete: "off",
        oninput: () => {
          clearTimeout(pause);
          pause = setTimeout(again, 250);
        },
      }),
      el(
        "select",
        { id: "state", "aria-label": "State", onchange: again },
        el("option", { value: "" }, "any state"),
        ...["bound", "expired", "offered", "resting", "declined"].map((each) => el("option", {}, each)),
      ),
      el("button", { type: "button", id: "previous", onclick: () => page(-1) }, "Previous"),
      el("button", { type: "button", id: "next", onclick: () => page(1) }, "Next"),
      el("span", { id: "found", role: "status", class: "note" }),
    ),
    el(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Leases" },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ...COLUMNS.map((title) => el("th", {}, title)))),
        el("tbody", { id: "lease-rows" }),
      ),
    ),
  );
}

function page(by) {
  if (by > 0) {
    list.before.push(list.after);
    list.after = list.next;
  } else list.after = list.before.pop();
  void listLeases();
}

async function listLeases() {
  const asked = ++list.asked;
  try {
    const found = await ask("/api/leases", {
      query: $("query").value,
      state: $("state").value,
      after: list.after,
    });
    if (asked !== list.asked) return;
    list.next = found.next;
    const first = list.before.length * 200;
    const range =
      found.rows.length === 0 ? "none" : `${grouped(first + 1)}–${grouped(first + found.rows.length)}`;
    $("found").textContent = `${range} of ${grouped(found.matching)}`;
    $("lease-rows").replaceChildren(...found.rows.map(leaseRow));
  } catch (error) {
    if (asked === list.asked) $("found").textContent = error.message;
  }
  $("previous").disabled = list.before.length === 0;
  $("next").disabled = list.next === null;
}

const leaseRow = (lease) =>
  el(
    "tr",
    {},
    el("td", {}, el("code", {}, lease.prefix)),
    el("td", {}, lease.state),
    el("td", {}, el("code", {}, lease.client)),
    el("td", { class: "n" }, String(lease.iaid)),
    el("td", {}, lease.interface),
    el("td", {}, lease.address === null ? "not heard" : el("code", {}, lease.address)),
    el("td", {}, ends(lease)),
  );

/* What goes on. */

const EVENT_ROWS = 200;
let latest = Number(document.body.dataset.latest);
let known;
let needsMap = false;

function onTold(event) {
  const told = JSON.parse(event.data);
  $("at").textContent = clock(told.at);
  $("link").textContent = "";
  const { totals, hooks, routes, troubles } = told;
  $("health").textContent = troubles.length === 0 ? "serving" : troubles.join("; ");
  $("health").className = troubles.length === 0 ? "well" : "ill";
  tile("leases-count", grouped(told.leases), "offers included");
  if (known !== undefined) {
    const seconds = Math.max(0.5, (Date.parse(told.at) - Date.parse(known.at)) / 1000);
    const rate = Math.max(0, totals.answered - known.totals.answered) / seconds;
    tile("answered", `${round(rate)}/s`, `${grouped(totals.answered)} of ${grouped(totals.received)}`);
  }
  tile("refused", grouped(totals.refused), `${grouped(totals.dropped)} dropped`);
  tile("hooks", grouped(hooks.waiting + hooks.running), `${grouped(hooks.failed)} failed`);
  if (routes.wanted) tile("routes", grouped(routes.failed), `failed; ${grouped(routes.waiting)} waiting`);
  else tile("routes", "off", "the server sets none");
  tile("warnings", grouped(told.warnings), "on the configuration");
  known = told;
  // A server that was started anew counts anew.
  const isNew = (number) => number > latest || told.latest < latest;
  const fresh = told.events.filter(({ number }) => isNew(number));
  if (fresh.length > 0) addEvents(fresh);
  latest = told.latest;
  needsMap ||= fresh.length > 0;
}

function tile(id, value, more) {
  $(id).querySelector("b").textContent = value;
  $(id).querySelector("small").textContent = more;
}

function addEvents(events) {
  const rows = $("event-rows");
  for (const { at, action, reason, prefix, client, interface: name } of events) {
    rows.prepend(
      el(
        "tr",
        { class: action },
        el("td", {}, clock(at)),
        el("td", {}, `${action}: ${reason}`),
        el("td", {}, el("code", {}, prefix)),
        el("td", {}, el("code", {}, client)),
        el("td", {}, name),
      ),
    );
  }
  while (rows.children.length > EVENT_ROWS) rows.lastChild.remove();
  $("no-events").hidden = true;
}

let source;
function listen() {
  source = new EventSource(`/events?after=${latest}`);
  source.onmessage = onTold;
  source.onerror = () => {
    $("link").textContent = "— the server does not answer; this is how it was";
    // The browser comes again by itself, unless it was turned away.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => document.hidden || listen(), 5000);
  };
}

async function refreshRates() {
  try {
    ({ samples } = await ask("/api/history"));
    drawPlots();
  } catch {
    // It is said at the top that the server does not answer.
  }
}

async function refreshPools() {
  try {
    const { pools } = await ask("/api/summary");
    const [fullest] = pools.toSorted((a, b) => shareOf(b) - shareOf(a));
    if (fullest !== undefined) tile("fullest", percent(shareOf(fullest)), `of ${fullest.pool}`);
    $("pool-rows").replaceChildren(...pools.map(poolRow));
    return pools;
  } catch {
    return [];
  }
}

const shareOf = ({ size, free }) => (size === 0 ? 0 : 1 - free / size);

function poolRow({ pool, length, leases, size, free }) {
  const share = shareOf({ size, free });
  const { bound, offered, resting, declined } = leases;
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, el("code", {}, pool)),
    el("td", {}, `/${length}`),
    el("td", {}, el("meter", { min: 0, max: 1, high: 0.9, value: share }), ` ${percent(share)}`),
    ...[bound, offered, resting, declined, free, size].map((one) => el("td", { class: "n" }, grouped(one))),
  );
}

async function begin() {
  document.documentElement.classList.add("live");
  for (const section of document.querySelectorAll("section.js")) section.hidden = false;
  setUpRates();
  setUpLeases();
  listen();
  document.addEventListener("visibilitychange", () => {
    source.close();
    if (!document.hidden) listen();
  });
  const pools = await refreshPools();
  setUpMap(pools);
  if (pools.length === 0) $("map").hidden = true;
  else await show(undefined);
  await Promise.all([refreshRates(), listLeases()]);
  document.body.dataset.ready = "yes";
  setInterval(() => {
    if (document.hidden) return;
    void refreshRates();
    void refreshPools();
    if (!needsMap || map.view === undefined) return;
    needsMap = false;
    void show(map.view.within);
  }, 10_000);
}

void begin();

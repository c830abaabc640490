import type { Diagnostic } from "../../shared/config/diagnostics.js";
import type { PoolUse } from "../pool-use.js";
import type { RecentRow } from "./recent.js";
import type { Summary } from "./summary.js";

/** What the page has besides the summary. */
export interface PageParts {
  /** The configuration's name, what was remarked on it and what it means. */
  readonly file: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly text: string;
  /** Oldest first. */
  readonly events: readonly RecentRow[];
}

/** The page as it can be read without JavaScript, with the places that page.js fills. */
export const pageHtml = (summary: Summary, parts: PageParts): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>dibbler-server</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body data-latest="${summary.latest}">
<header>
<h1>dibbler-server <small>${escape(summary.version)}</small></h1>
${health(summary.troubles)}
<p id="clock">as of <time id="at" datetime="${escape(summary.at)}">${clockText(summary.at)}</time> UTC
<span id="link"></span></p>
</header>
<noscript><p class="note">Without JavaScript this page shows how the server was when it was fetched.
The map of the pools, the search for leases and the rates need it; the commands
<code>dibbler-server leases</code> and <code>show</code> tell the same.</p></noscript>
<nav aria-label="Parts of this page">
<a href="#pools">Pools</a>
<a href="#map" class="js">Map</a>
<a href="#rates" class="js">Rates</a>
<a href="#leases" class="js">Leases</a>
<a href="#events">Events</a>
<a href="#configuration">Configuration</a>
</nav>
<main>
<ul id="tiles" aria-label="Summary">
${tiles(summary)}
</ul>
<section id="pools"><h2>Pools</h2>
${pools(summary)}
</section>
<section id="map" class="js" hidden><h2>Map</h2></section>
<section id="rates" class="js" hidden><h2>Rates <small>the last hour, every ten seconds</small></h2></section>
<section id="leases" class="js" hidden><h2>Leases</h2></section>
<section id="events"><h2>Events <small>since ${clockText(summary.since)} UTC, the newest first</small></h2>
<div class="scroll" tabindex="0" role="region" aria-label="Events"><table><thead><tr><th>at</th><th>event</th>
<th>prefix</th><th>client</th><th>interface</th></tr></thead><tbody id="event-rows">
${parts.events.toReversed().map(eventRow).join("\n")}
</tbody></table></div>
<p id="no-events" class="note"${parts.events.length > 0 ? " hidden" : ""}>Nothing has happened yet.</p>
</section>
<section id="configuration"><h2>Configuration <small>${escape(parts.file)}, as understood</small></h2>
${parts.diagnostics.map(remark).join("\n")}
<pre tabindex="0">${escape(parts.text)}</pre>
</section>
</main>
<footer>Read-only. The same as JSON: <a href="/api/summary">summary</a>, <a href="/api/leases">leases</a>,
<a href="/api/map">map</a>, <a href="/api/history">history</a>, <a href="/api/recent">events</a>,
<a href="/api/config">configuration</a>, <a href="/healthz">health</a></footer>
</body>
</html>
`;

function health(troubles: readonly string[]): string {
  const isWell = troubles.length === 0;
  const text = isWell ? "serving" : troubles.join("; ");
  return `<p id="health" role="status" class="${isWell ? "well" : "ill"}">${escape(text)}</p>`;
}

function tiles({ leases, pools: all, totals, hooks, routes, warnings }: Summary): string {
  const [fullest] = all.toSorted((a, b) => shareOf(b) - shareOf(a));
  const rows: readonly (readonly [id: string, title: string, value: string, more: string])[] = [
    ["leases-count", "leases", number(leases), "offers included"],
    ["fullest", "fullest pool", ...(fullest === undefined ? (["–", ""] as const) : fullestText(fullest))],
    ["answered", "answered", number(totals.answered), `of ${number(totals.received)} messages`],
    ["refused", "refused", number(totals.refused), `${number(totals.dropped)} dropped`],
    ["hooks", "hooks waiting", number(hooks.waiting + hooks.running), `${number(hooks.failed)} failed`],
    ["routes", "routes", routes.wanted ? number(routes.failed) : "off", routesText(routes)],
    ["warnings", "warnings", number(warnings), "on the configuration"],
  ];
  return rows
    .map(
      ([id, title, value, more]) =>
        `<li id="${id}"><span>${title}</span> <b>${value}</b> <small>${more}</small></li>`,
    )
    .join("\n");
}

const shareOf = ({ size, free }: Pick<PoolUse, "size" | "free">): number =>
  size === 0 ? 0 : 1 - free / size;

const fullestText = (pool: PoolUse): readonly [value: string, more: string] => [
  percent(shareOf(pool)),
  escape(`of ${pool.pool}`),
];

const routesText = ({ wanted, waiting }: Summary["routes"]): string =>
  wanted ? `failed; ${number(waiting)} waiting` : "the server sets none";

function pools({ pools: all, elsewhere }: Summary): string {
  const outside = Object.values(elsewhere).reduce((sum, one) => sum + one, 0);
  return `<div class="scroll" tabindex="0" role="region" aria-label="Pools"><table><thead><tr><th>pool</th>
<th>each</th><th>in use</th><th class="n">bound</th><th class="n">offered</th><th class="n">resting</th><th class="n">declined</th>
<th class="n">free</th><th class="n">of</th></tr></thead><tbody id="pool-rows">
${all.map(poolRow).join("\n")}
</tbody></table></div>
${outside === 0 ? "" : `<p class="note">${number(outside)} leases lie outside of all pools.</p>`}`;
}

function poolRow({ pool, length, leases, size, free }: PoolUse): string {
  const { bound, offered, resting, declined } = leases;
  const share = shareOf({ size, free });
  const counts = [bound, offered, resting, declined, free, size].map(
    (one) => `<td class="n">${number(one)}</td>`,
  );
  return `<tr><th scope="row"><code>${escape(pool)}</code></th><td>/${length}</td><td><meter min="0" max="1"
 high="0.9" value="${share.toFixed(6)}"></meter> ${percent(share)}</td>${counts.join("")}</tr>`;
}

const eventRow = ({ at, action, reason, prefix, client, interface: name }: RecentRow): string => `<tr
 class="${action}"><td><time datetime="${escape(at)}">${clockText(at)}</time></td>
<td>${action}: ${escape(reason)}</td><td><code>${escape(prefix)}</code></td><td><code>${escape(client)}</code></td>
<td>${escape(name)}</td></tr>`;

const remark = ({ severity, line, column, message }: Diagnostic): string =>
  `<p class="remark">${severity}, line ${line}:${column}: ${escape(message)}</p>`;

const clockText = (iso: string): string => escape(iso.slice(11, 19));

/** Exact as far as numbers are, then as a power of two. */
const number = (value: number): string =>
  Number.isSafeInteger(value)
    ? String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f")
    : `2^${Math.round(Math.log2(value))}`;

/** Never 0 or 100 when it is not quite that. */
function percent(share: number): string {
  if (share <= 0 || share >= 1) return share <= 0 ? "0 %" : "100 %";
  return `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)} %`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** What clients name themselves is text here, and nothing else. */
export const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? "");

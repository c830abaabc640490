/** Completed against offered rate of one server, per second, ascending by what was offered. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly offered: number; readonly completed: number }[];
}

const WIDTH = 800;
const HEIGHT = 500;
/** Room for the axes. */
const AREA = { left: 70, right: 780, top: 50, bottom: 440 } as const;
const COLOURS = ["#1b6ca8", "#c8502d", "#5f7f2f", "#7a4a9e"] as const;
const TICKS = 6;

/** A plot of all the curves with axes and legend, as the text of an SVG file. */
export function plot(title: string, curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const most = {
    offered: Math.max(1, ...points.map(({ offered }) => offered)),
    completed: Math.max(1, ...points.map(({ completed }) => completed)),
  };
  const x = (rate: number): number => AREA.left + (rate / most.offered) * (AREA.right - AREA.left);
  const y = (rate: number): number => AREA.bottom - (rate / most.completed) * (AREA.bottom - AREA.top);
  const lossless = Math.min(most.offered, most.completed);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${text(WIDTH / 2, 24, title, "middle")}
${ticks(most.offered)
  .map(
    (rate) =>
      line(x(rate), AREA.top, x(rate), AREA.bottom) + text(x(rate), AREA.bottom + 18, `${rate}`, "middle"),
  )
  .join("\n")}
${ticks(most.completed)
  .map(
    (rate) =>
      line(AREA.left, y(rate), AREA.right, y(rate)) + text(AREA.left - 6, y(rate) + 4, `${rate}`, "end"),
  )
  .join("\n")}
<path d="M${AREA.left} ${AREA.top}V${AREA.bottom}H${AREA.right}" fill="none" stroke="#000"/>
${text((AREA.left + AREA.right) / 2, AREA.bottom + 42, "exchanges offered per second", "middle")}
${text(AREA.left, AREA.top - 10, "exchanges completed per second", "start")}
<path d="M${place(x(0), y(0))}L${place(x(lossless), y(lossless))}" stroke="#999" stroke-dasharray="4 4"/>
${curves.map((curve, index) => drawCurve(curve, index, x, y)).join("\n")}
</svg>
`;
}

function drawCurve(
  { name, points }: Curve,
  index: number,
  x: (rate: number) => number,
  y: (rate: number) => number,
): string {
  const colour = COLOURS[index % COLOURS.length] ?? "#000";
  const places = points.map(({ offered, completed }) => [x(offered), y(completed)] as const);
  const dots = places.map(
    ([cx, cy]) => `<circle cx="${round(cx)}" cy="${round(cy)}" r="3" fill="${colour}"/>`,
  );
  // At the top left, where no curve is: all are offered more than they complete.
  const level = AREA.top + 20 * (index + 1);
  const through = places.map(([px, py]) => `${round(px)},${round(py)}`).join(" ");
  return `<polyline points="${through}" fill="none" stroke="${colour}" stroke-width="2"/>
${dots.join("")}
<rect x="${AREA.left + 12}" y="${level - 4}" width="20" height="4" fill="${colour}"/>
${text(AREA.left + 38, level + 3, name, "start")}`;
}

/** Round numbers from 0 to `most`. */
export function ticks(most: number): readonly number[] {
  const least = most / TICKS;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= least) ?? most;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_none, index) => index * step);
}

const line = (x1: number, y1: number, x2: number, y2: number): string =>
  `<path d="M${place(x1, y1)}L${place(x2, y2)}" stroke="#ddd"/>`;

const text = (x: number, y: number, what: string, anchor: "start" | "middle" | "end"): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(what)}</text>`;

const place = (x: number, y: number): string => `${round(x)} ${round(y)}`;
const round = (value: number): string => value.toFixed(1);

const escaped = (what: string): string =>
  what.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

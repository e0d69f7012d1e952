/* Visitors per quarter of an hour against the forecast: one SVG whose nodes stay, only what changed is touched. */
(function () {
  "use strict";
  const F = (window.floorcast = window.floorcast || {});
  const QUARTER = 15 * 60000, HOUR = 60 * 60000;
  const known = (v) => v !== null && v !== undefined;
  const round = (v) => Math.round(v * 10) / 10;

  const niceStep = (top) => {
    const rough = top / 4.4, power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  };
  const steps = (step, top) => Array.from({ length: Math.floor(top / step) }, (_, i) => (i + 1) * step);
  const hourTicks = (from, to, wide) => {
    const every = (to - from > 8 * HOUR ? 2 : 1) * (wide ? 1 : 2) * HOUR, ticks = [];
    for (let t = Math.ceil(from / HOUR) * HOUR; t <= to - HOUR / 2; t += every) ticks.push(t);
    return ticks;
  };

  /* A smooth way through points that never goes above or below its neighbours (Fritsch & Carlson 1980). */
  const smooth = (points, begin) => {
    const slope = points.slice(1).map(([x, y], i) => (y - points[i][1]) / (x - points[i][0]));
    const lean = points.map((_, i) => {
      const a = slope[i - 1] ?? slope[i], b = slope[i] ?? slope[i - 1];
      return a * b <= 0 ? 0 : (2 * a * b) / (a + b);
    });
    return points.map(([x, y], i) => {
      if (i === 0) return begin + round(x) + " " + round(y);
      const [x0, y0] = points[i - 1], third = (x - x0) / 3;
      return "C" + [x0 + third, y0 + lean[i - 1] * third, x - third, y - lean[i] * third, x, y].map(round).join(" ");
    }).join("");
  };
  /* Points without the unknown ones, in pieces: a quarter nobody knows of is a gap. */
  const pieces = (points) => {
    const found = [[]];
    for (const point of points) if (point.slice(1).every(known)) found.at(-1).push(point); else if (found.at(-1).length) found.push([]);
    return found.filter((piece) => piece.length);
  };

  /* The direct label stands as near to the forecast's peak as it can without touching the band: above it to the
     right, else below it, and off the line of the present moment, ``now`` quarters from opening, and its time. Its two
     lines need about a third of the plot's height and ``span`` quarters. */
  const spot = (expect, count, top, wide, now) => {
    const high = (expect.high || []).map((v) => v || 0), low = (expect.low || []).map((v) => v || 0);
    if (!high.some((v) => v > 0)) return null;
    const span = Math.max(4, Math.round(count * (wide ? 0.15 : 0.34))), last = count - span;
    const peak = high.indexOf(Math.max(...high)), free = wide ? 0.6 : 0.68;
    const over = (i) => Math.max(...high.slice(i, i + span)) / top, under = (i) => Math.min(...low.slice(i, i + span)) / top;
    const clear = (i) => i + span < now || i > now + (wide ? 4 : 8);
    const spots = Array.from({ length: last + 1 }, (_, i) => i).filter(clear).sort((a, b) => Math.abs(a - peak) - Math.abs(b - peak) || b - a);
    const above = spots.find((i) => i > peak && over(i) < free) ?? spots.find((i) => over(i) < free);
    if (above !== undefined) return { quarter: above, high: true };
    const below = spots.find((i) => i >= peak - span && under(i) > 0.42);
    return below === undefined ? null : { quarter: below, high: false };
  };

  const path = (cls, d) => (d ? F.h("path", { cls, key: cls, d }) : null);
  const text = (cls, key, x, y, anchor, ...said) => F.h("text", { cls, key, x: round(x), y: round(y), "text-anchor": anchor }, ...said);

  /* What is drawn in a box of so many pixels; ``px`` is one design pixel. */
  F.chart = function (parts, fmt, width, height, px, wide) {
    const c = parts.chart, expect = parts.expect || {}, running = Boolean(c.now && known(c.tail));
    const left = 56 * px, right = width - 24 * px, head = 8 * px, foot = height - 40 * px;
    const count = Math.round((c.to - c.from) / QUARTER), end = (i) => c.from + (i + 1) * QUARTER;
    const peak = Math.max(4, c.tail || 0, ...c.y.map((v) => v || 0), ...(expect.high || []).map((v) => v || 0)), top = peak * 1.08;
    const x = (t) => left + ((right - left) * (t - c.from)) / (c.to - c.from), y = (v) => foot - ((foot - head) * v) / top;
    const at = (v, i) => [x(end(i)), known(v) ? y(v) : null];

    const seen = pieces(c.y.map(at).concat(running ? [[x(c.now), y(c.tail)]] : []));
    const band = pieces((expect.high || []).map((v, i) => [...at(v, i), at(expect.low[i], i)[1]]));
    const label = spot(expect, count, top, wide, c.now ? (c.now - c.from) / QUARTER : -Infinity), late = c.now && (c.now - c.from) / (c.to - c.from) > 0.85;
    const words = fmt.say("chart.forecast").split("\n"), line = 28 * px;
    const first = label && (label.high ? head + 24 * px : foot - 12 * px - line * (words.length - 1));
    return F.h("svg", { viewBox: `0 0 ${width} ${height}`, width, height },
      steps(niceStep(top), top).map((v) => F.h("g", { key: "y" + v }, F.h("line", { cls: "grid", x1: round(left), x2: round(right), y1: round(y(v)), y2: round(y(v)) }), text("axis", "t", left - 8 * px, y(v) + 8 * px, "end", fmt.int(v)))),
      hourTicks(c.from, c.to, wide).map((t) => text("axis", "x" + t, x(t), foot + 28 * px, "middle", fmt.time(t))),
      path("band", band.map((piece) => smooth(piece, "M") + smooth(piece.map(([px_, , low]) => [px_, low]).reverse(), "L") + "Z").join("")),
      path("due", pieces((expect.mid || []).map(at)).map((piece) => smooth(piece, "M")).join("")),
      path("under", seen.map((piece) => smooth(piece, "M") + `L${round(piece.at(-1)[0])} ${round(foot)}L${round(piece[0][0])} ${round(foot)}Z`).join("")),
      c.now ? F.h("line", { cls: "now", key: "now", x1: round(x(c.now)), x2: round(x(c.now)), y1: round(head), y2: round(foot) }) : null,
      path("seen", seen.map((piece) => smooth(piece, "M")).join("")),
      running ? F.h("circle", { cls: "tip", key: "tip", cx: round(x(c.now)), cy: round(y(c.tail)), r: round(8 * px) }) : null,
      c.now ? text("at", "at", x(c.now) + (late ? -8 : 8) * px, head + 20 * px, late ? "end" : "start", fmt.time(c.now)) : null,
      label ? words.map((word, i) => text("said", "said" + i, x(end(label.quarter)), first + i * line, "start", word)) : null);
  };
})();

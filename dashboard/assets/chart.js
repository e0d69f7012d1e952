/* Visitors per quarter of an hour against the forecast: one figure, as plain data. */
(function () {
  "use strict";
  const F = (window.floorcast = window.floorcast || {});
  const QUARTER = 15 * 60000, HOUR = 60 * 60000;

  const niceStep = (top) => {
    const rough = top / 4.4, power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  };

  const scaled = (figure, px) => {
    const data = figure.data.map((trace) => Object.assign({}, trace));
    data[2].line = Object.assign({}, data[2].line, { width: 3 * px });
    data[3].line = Object.assign({}, data[3].line, { width: 5 * px });
    data[4].marker = Object.assign({}, data[4].marker, { size: 16 * px, line: Object.assign({}, data[4].marker.line, { width: 5 * px }) });
    return data;
  };

  const hourTicks = (from, to, wide) => {
    const every = (to - from > 8 * HOUR ? 2 : 1) * (wide ? 1 : 2) * HOUR, ticks = [];
    for (let t = Math.ceil(from / HOUR) * HOUR; t <= to - HOUR / 2; t += every) ticks.push(t);
    return ticks;
  };

  /* The direct label stands as near to the forecast's peak as it can without touching the band: above it to the
     right, else below it. Its two lines need about a third of the plot's height and ``span`` quarters. */
  const label = (expect, ends, top, px, text, colour, wide) => {
    const high = (expect.high || []).map((v) => v || 0), low = (expect.low || []).map((v) => v || 0);
    if (!high.some((v) => v > 0)) return [];
    const span = Math.max(4, Math.round(ends.length * (wide ? 0.15 : 0.34))), last = ends.length - span;
    const peak = high.indexOf(Math.max(...high)), free = wide ? 0.6 : 0.68;
    const over = (i) => Math.max(...high.slice(i, i + span)) / top, under = (i) => Math.min(...low.slice(i, i + span)) / top;
    const spots = ends.map((_, i) => i).filter((i) => i <= last).sort((a, b) => Math.abs(a - peak) - Math.abs(b - peak) || b - a);
    const above = spots.find((i) => i > peak && over(i) < free) ?? spots.find((i) => over(i) < free);
    const below = spots.find((i) => i >= peak - span && under(i) > 0.42);
    const place = above !== undefined ? { x: above, y: 0.97, yanchor: "top" } : below !== undefined ? { x: below, y: 0.03, yanchor: "bottom" } : null;
    return place === null ? [] : [{
      x: ends[place.x], xanchor: "left", y: place.y, yref: "paper", yanchor: place.yanchor,
      align: "left", text, showarrow: false, font: { size: 22 * px, color: colour },
    }];
  };

  /* Chart and forecast parts → figure; ``px`` is one design pixel. */
  F.figure = function (template, parts, fmt, px, wide) {
    const c = parts.chart, expect = parts.expect || {}, css = getComputedStyle(document.getElementById("wall"));
    const colour = (name) => css.getPropertyValue("--" + name).trim();
    const data = scaled(template.data ? template : { data: [] }, px), ends = [];
    for (let t = c.from + QUARTER; t <= c.to; t += QUARTER) ends.push(t);
    data[0].x = data[1].x = data[2].x = expect.mid ? ends : [];
    data[0].y = expect.high || []; data[1].y = expect.low || []; data[2].y = expect.mid || [];
    const xs = ends.slice(0, c.y.length), ys = c.y.slice();
    if (c.now && c.tail !== null) { xs.push(c.now); ys.push(c.tail); }
    data[3].x = xs; data[3].y = ys;
    data[4].x = c.now && c.tail !== null ? [c.now] : []; data[4].y = c.now && c.tail !== null ? [c.tail] : [];
    const peak = Math.max(4, ...ys.map((v) => v || 0), ...(expect.high || []).map((v) => v || 0)), top = peak * 1.08;
    const step = niceStep(top), yticks = [];
    for (let v = step; v <= top; v += step) yticks.push(v);
    const ticks = hourTicks(c.from, c.to, wide), late = c.now && (c.now - c.from) / (c.to - c.from) > 0.85;
    const annotations = label(expect, ends, top, px, fmt.say("chart.forecast"), colour("muted"), wide);
    if (c.now) annotations.push({
      x: c.now, y: 1, yref: "paper", yanchor: "top", xanchor: late ? "right" : "left", text: " " + fmt.time(c.now) + " ",
      showarrow: false, font: { size: 24 * px, color: colour("text") },
    });
    const layout = Object.assign({}, template.layout, {
      font: Object.assign({}, template.layout.font, { size: 24 * px }),
      margin: { l: 56 * px, r: 24 * px, t: 8 * px, b: 40 * px },
      xaxis: Object.assign({}, template.layout.xaxis, {
        range: [c.from, c.to], tickvals: ticks, ticktext: ticks.map(fmt.time), tickfont: { size: 24 * px },
      }),
      yaxis: Object.assign({}, template.layout.yaxis, { range: [0, top], tickvals: yticks, ticktext: yticks.map(fmt.int), tickfont: { size: 24 * px } }),
      shapes: c.now ? [{ type: "line", x0: c.now, x1: c.now, y0: 0, y1: 1, yref: "paper", line: { color: "#3A465C", width: 2 * px } }] : [],
      annotations,
    });
    return { data, layout };
  };
})();

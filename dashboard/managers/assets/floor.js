/* The sensors page: devices on the shop's own plan, and the day's minutes as strips. Drawn anew only when they change. */
(function () {
  "use strict";
  const NS = "http://www.w3.org/2000/svg", W = 1000, GAP = 30;
  const node = (name, attributes, ...children) => {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const html = (name, cls, ...children) => { const made = document.createElement(name); if (cls) made.className = cls; made.append(...children); return made; };
  const language = () => document.querySelector("[lang]:not(html)")?.lang || "zh-CN";
  const words = () => window.floorcastManagers.words[language() === "zh-CN" ? "zh" : "en"] || {};
  const drawn = {};
  /* Whether a place's data differs from what stands there; a page that was left and came back is empty. */
  const fresh = (id, data) => {
    const box = document.getElementById(id), text = JSON.stringify([data, language()]);
    if (!data || !box || (drawn[id] === text && box.childNodes.length)) return null;
    drawn[id] = text;
    return box;
  };

  /* Other children; whoever was at the nth that can be focused is at the nth again. */
  const refill = (box, ...children) => {
    const here = [...box.querySelectorAll("[tabindex]")].indexOf(document.activeElement);
    box.replaceChildren(...children);
    if (here >= 0) box.querySelectorAll("[tabindex]")[here]?.focus({ preventScroll: true });
  };

  const shapes = {
    act: (x, y) => node("path", { d: `M${x} ${y - 19} L${x + 19} ${y} L${x} ${y + 19} L${x - 19} ${y} Z`, class: "sign" }),
    watch: (x, y) => node("path", { d: `M${x} ${y - 15} L${x + 16} ${y + 12} L${x - 16} ${y + 12} Z`, class: "sign" }),
    ok: (x, y) => node("circle", { cx: x, cy: y, r: 9, class: "sign" }),
    "": (x, y) => node("circle", { cx: x, cy: y, r: 9, class: "sign" }),
  };
  const said = (mark) => [mark.name === mark.device ? "" : mark.name, mark.device, mark.health, mark.reason].filter(Boolean).join(" · ");
  const sign = (mark, height) => {
    const x = mark.x * W + mark.nth * GAP, y = mark.y * height, tell = () => { document.getElementById("map-said").textContent = said(mark); };
    const made = node("g", { class: "mark tone-" + (mark.tone || "none"), tabindex: "0", role: "img", "aria-label": said(mark) }, shapes[mark.tone](x, y));
    const loud = mark.tone === "act" || mark.tone === "watch";
    if ((mark.nth === 0 && mark.kind !== "zone") || loud) {
      const left = x > W * 0.82, low = y > height - 44, text = loud && mark.kind === "zone" ? mark.health : loud ? mark.name + " · " + mark.health : mark.name;
      const label = node("text", { x: left ? x + 16 : x < W * 0.1 ? x - 10 : x, y: low ? y - 24 : y + 36, class: "mark-name", "text-anchor": left ? "end" : x < W * 0.1 ? "start" : "middle" });
      label.textContent = text;
      made.append(label);
    }
    made.addEventListener("focus", tell);
    made.addEventListener("pointerenter", tell);
    return made;
  };
  const zone = (z, height) => {
    const points = z.polygon.map(([x, y]) => [x * W, y * height]), xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
    const label = node("text", { x: (Math.min(...xs) + Math.max(...xs)) / 2, y: Math.min(...ys) + 30, class: "zone-name" });
    label.textContent = z.name;
    return [node("polygon", { points: points.map((p) => p.join(",")).join(" "), class: "zone" }), label];
  };

  const map = (data) => {
    const keep = window.dash_clientside.no_update, box = fresh("map-drawn", data);
    if (!box) return keep;
    const height = data.picture ? W / data.picture.ratio : 560, svg = node("svg", { viewBox: `-14 -14 ${W + 28} ${height + 28}` });
    if (data.picture) svg.append(node("image", { href: data.picture.url, width: W, height, preserveAspectRatio: "none", class: "picture" }));
    for (const z of data.zones) svg.append(...zone(z, height));
    const rank = { ok: 0, "": 1, watch: 2, act: 3 };
    for (const mark of [...data.marks].sort((a, b) => rank[a.tone] - rank[b.tone])) svg.append(sign(mark, height));
    refill(box, svg);
    document.getElementById("map-off").replaceChildren(...data.off.map((mark) => html("li", "", html("i", "ico " + (mark.tone || "over")), " " + said(mark))));
    return "yes";
  };

  const clock = (ms, timeZone) => new Intl.DateTimeFormat(language(), { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(ms));
  const percent = (v) => (v === null || v === undefined ? "–" : new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 1 }).format(v));
  /* A run in words: which minutes, what they are, why. */
  const told = ([word, start, length, why], data) => {
    const at = (minute) => clock(data.from + minute * 60000, data.zone);
    const name = words()["sens." + { c: "covered", i: "imputed", m: "missing", n: "unexpected" }[word]];
    return `${name} ${at(start)}–${at(start + length)}` + (why ? ` (${why})` : "");
  };
  /* A strip tells of itself when it is focused, and of a run when that is pointed at or reached with the arrow keys. */
  const strip = (row, data) => {
    const label = [row.name, percent(row.share), ...row.runs.filter(([word]) => word !== "c").map((run) => told(run, data))].join("; ");
    const say = (text) => { document.getElementById("strips-said").textContent = text; };
    const svg = node("svg", { viewBox: `0 0 ${data.minutes} 10`, preserveAspectRatio: "none", role: "img", tabindex: "0", "aria-label": label });
    const rects = row.runs.map((run) => {
      const [word, start, length] = run, low = word === "i";
      const rect = node("rect", { x: start, width: length, y: low ? 5 : 0, height: low ? 5 : 10, class: word });
      rect.addEventListener("pointerenter", () => say(row.name + ": " + told(run, data)));
      return rect;
    });
    let here = -1;
    const go = (to) => {
      rects[here]?.classList.remove("here");
      here = Math.max(0, Math.min(rects.length - 1, to));
      rects[here]?.classList.add("here");
      if (rects[here]) say(row.name + ": " + told(row.runs[here], data));
    };
    svg.append(...rects);
    svg.addEventListener("focus", () => say(label));
    svg.addEventListener("blur", () => { rects[here]?.classList.remove("here"); here = -1; });
    svg.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (by) { event.preventDefault(); go(here + by); }
    });
    return html("div", "strip" + (row.main ? " main" : ""), html("span", "strip-name", row.name), svg, html("b", "", percent(row.share)));
  };
  const axis = (data) => {
    const ticks = html("div", "ticks"), every = data.minutes > 480 ? 120 : 60, first = (60 - new Date(data.from).getUTCMinutes()) % 60;
    for (let minute = first; minute <= data.minutes - 20; minute += every) {
      const tick = html("span", "", clock(data.from + minute * 60000, data.zone));
      tick.style.setProperty("left", (100 * minute) / data.minutes + "%");
      ticks.append(tick);
    }
    return html("div", "strip axis", html("span", "strip-name"), ticks, html("b", ""));
  };
  const strips = (data) => {
    const keep = window.dash_clientside.no_update, box = fresh("strips-drawn", data);
    if (!box) return keep;
    if (!data.rows.length) refill(box, html("p", "sub", words()["sens.no_strips"] || "–"));
    else refill(box, axis(data), ...data.rows.map((row) => strip(row, data)));
    return "yes";
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, { floor: { map, strips } });
})();

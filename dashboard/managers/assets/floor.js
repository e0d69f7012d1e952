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
    box.replaceChildren(svg);
    document.getElementById("map-off").replaceChildren(...data.off.map((mark) => html("li", "", html("i", "ico " + (mark.tone || "over")), " " + said(mark))));
    return "yes";
  };

  const clock = (ms, timeZone) => new Intl.DateTimeFormat(language(), { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(ms));
  const percent = (v) => (v === null || v === undefined ? "–" : new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 1 }).format(v));
  const holes = (row, data) => {
    const names = { i: words()["sens.imputed"], m: words()["sens.missing"] }, at = (minute) => clock(data.from + minute * 60000, data.zone);
    return row.runs.filter(([word]) => names[word]).map(([word, start, length]) => `${names[word]} ${at(start)}–${at(start + length)}`);
  };
  const strip = (row, data) => {
    const told = holes(row, data), label = [row.name, percent(row.share), ...told].join("; ");
    const svg = node("svg", { viewBox: `0 0 ${data.minutes} 10`, preserveAspectRatio: "none", role: "img", "aria-label": label },
      ...row.runs.map(([word, start, length]) => node("rect", { x: start, width: length, y: word === "i" ? 5 : 0, height: word === "i" ? 5 : 10, class: word })));
    if (told.length) svg.append(node("title", {}, label));
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
    if (!data.rows.length) box.replaceChildren(html("p", "sub", words()["sens.no_strips"] || "–"));
    else box.replaceChildren(axis(data), ...data.rows.map((row) => strip(row, data)));
    return "yes";
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, { floor: { map, strips } });
})();

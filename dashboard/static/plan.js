/* The floor plan over its picture: zones as polygons whose corners are moved, added and removed by mouse, finger or keys,
   or drawn anew; doors and tills as points that are moved alike. */
(function () {
  "use strict";
  const NS = "http://www.w3.org/2000/svg", W = 1000, STEP = 0.01;
  const byId = (id) => document.getElementById(id);
  const svg = byId("plan"), H = svg.viewBox.baseVal.height, { zones, spots } = JSON.parse(svg.dataset.drawn);
  const save = byId("save-plan"), draw = byId("draw"), said = byId("plan-said"), unplaced = byId("unplaced");
  const page = byId("settings"), changed = new Map();
  let chosen = zones[0]?.id || null, drawing = null, dragged = null;
  const bounded = (v) => Math.min(1, Math.max(0, Math.round(v * 1000) / 1000));
  const at = (event) => { const box = svg.getBoundingClientRect(); return [bounded((event.clientX - box.left) / box.width), bounded((event.clientY - box.top) / box.height)]; };
  const node = (name, attributes, text) => { const made = document.createElementNS(NS, name); for (const [k, v] of Object.entries(attributes)) made.setAttribute(k, v); if (text) made.textContent = text; return made; };
  const points = (polygon) => polygon.map(([x, y]) => `${x * W},${y * H}`).join(" ");
  const find = (id) => zones.find((z) => z.id === id);
  const base = ["sensors", "stores", page.dataset.store];
  const touch = (path, value) => { changed.set(JSON.stringify([...base, ...path]), value); save.disabled = false; };
  const touchZone = (zone) => touch(["zones", zone.id, "polygon"], zone.polygon);
  const touchSpot = (spot) => touch([spot.list, spot.id, "spot"], spot.spot);

  const zoneNodes = (zone) => {
    const here = zone.id === chosen, mean = (i) => zone.polygon.reduce((s, p) => s + p[i], 0) / zone.polygon.length;
    return [
      node("polygon", { points: points(zone.polygon), class: "zone" + (here ? " here" : ""), "data-zone": zone.id, tabindex: "0", role: "button", "aria-pressed": String(here), "aria-label": zone.name }),
      node("text", { x: mean(0) * W, y: Math.min(...zone.polygon.map((p) => p[1])) * H + 34, class: "zone-name" }, zone.name),
    ];
  };
  const spotNodes = (spot, i) => {
    const [x, y] = [spot.spot[0] * W, spot.spot[1] * H], left = x > W * 0.85, right = x < W * 0.12;
    return [
      node("rect", { x: x - 11, y: y - 11, width: 22, height: 22, class: "spot " + spot.list, "data-spot": i, tabindex: "0", role: "button", "aria-label": spot.name }),
      node("text", { x: left ? x - 18 : right ? x + 18 : x, y: left || right ? y + 7 : y > H - 50 ? y - 20 : y + 34, class: "spot-name", "text-anchor": left ? "end" : right ? "start" : "middle" }, spot.name),
    ];
  };
  const cornerNode = (zone, [x, y], i) => node("circle", { cx: x * W, cy: y * H, r: 12, class: "corner", "data-corner": i, tabindex: "0", role: "button", "aria-label": `${zone ? zone.name : ""} ${i + 1}` });
  const middle = (polygon, i) => { const [x, y] = polygon[i], next = polygon[(i + 1) % polygon.length]; return [bounded((x + next[0]) / 2), bounded((y + next[1]) / 2)]; };
  const middleNode = (polygon, i) => { const [x, y] = middle(polygon, i); return node("circle", { cx: x * W, cy: y * H, r: 8, class: "middle", "data-middle": i, "aria-hidden": "true" }); };
  const offer = () => {
    const left = spots.filter((s) => !s.spot).map((spot) => { const made = document.createElement("button"); made.className = "small"; made.textContent = spot.name; made.dataset.place = spots.indexOf(spot); return made; });
    unplaced.replaceChildren(...(left.length ? [unplaced.dataset.label, ...left] : []));
  };

  const show = (focus) => {
    svg.replaceChildren();
    if (svg.dataset.picture) svg.append(node("image", { href: svg.dataset.picture, width: W, height: H, preserveAspectRatio: "none" }));
    for (const zone of zones) if (zone.polygon.length > 1) svg.append(...zoneNodes(zone));
    spots.forEach((spot, i) => { if (spot.spot) svg.append(...spotNodes(spot, i)); });
    const zone = drawing ? null : find(chosen);
    if (zone) svg.append(...zone.polygon.map((_, i) => middleNode(zone.polygon, i)));
    (zone ? zone.polygon : drawing || []).forEach((corner, i) => svg.append(cornerNode(zone, corner, i)));
    if (drawing && drawing.length > 1) svg.append(node("polyline", { points: points(drawing), class: "draft" }));
    if (focus) svg.querySelector(focus)?.focus();
    offer();
  };
  const choose = (id) => { chosen = id; for (const entry of document.querySelectorAll("details[data-entry]")) entry.open = entry.dataset.entry === id; show(); };
  const finish = () => {
    if (drawing && drawing.length >= 3 && chosen) { find(chosen).polygon = drawing; touchZone(find(chosen)); }
    drawing = null; draw.setAttribute("aria-pressed", "false"); said.textContent = ""; show();
  };

  const insert = (zone, i) => { zone.polygon.splice(i + 1, 0, middle(zone.polygon, i)); touchZone(zone); };
  const remove = (zone, i) => { if (zone.polygon.length <= 3) return false; zone.polygon.splice(i, 1); touchZone(zone); return true; };
  const drag = { corner: (i, to) => { const zone = find(chosen); zone.polygon[i] = to; touchZone(zone); }, spot: (i, to) => { spots[i].spot = to; touchSpot(spots[i]); } };
  svg.addEventListener("pointerdown", (event) => {
    if (drawing) { drawing.push(at(event)); show(); event.preventDefault(); return; }
    const { corner, spot, zone, middle: between } = event.target.dataset;
    if (between !== undefined) { insert(find(chosen), Number(between)); dragged = ["corner", Number(between) + 1]; show(); svg.setPointerCapture(event.pointerId); return; }
    if (corner === undefined && spot === undefined) { if (zone) choose(zone); return; }
    dragged = corner === undefined ? ["spot", Number(spot)] : ["corner", Number(corner)];
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => { if (dragged) { drag[dragged[0]](dragged[1], at(event)); show(); } });
  svg.addEventListener("pointerup", () => { dragged = null; });
  svg.addEventListener("dblclick", (event) => {
    if (drawing) { finish(); return; }
    const corner = document.elementFromPoint(event.clientX, event.clientY)?.dataset.corner;
    if (corner !== undefined && remove(find(chosen), Number(corner))) show();
  });

  const moved = ([x, y], by) => [bounded(x + by[0]), bounded(y + by[1])];
  const cornerKey = (zone, i, event, by) => {
    const adds = event.key === "Insert" || event.key === "+";
    if (by) { zone.polygon[i] = moved(zone.polygon[i], by); touchZone(zone); }
    else if (adds) insert(zone, i);
    else if (!["Delete", "Backspace", "-"].includes(event.key) || !remove(zone, i)) return;
    event.preventDefault();
    show(`[data-corner="${adds ? i + 1 : Math.min(i, zone.polygon.length - 1)}"]`);
  };
  svg.addEventListener("keydown", (event) => {
    const { corner, spot, zone } = event.target.dataset;
    const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (zone && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); choose(zone); }
    else if (spot !== undefined && by) { event.preventDefault(); drag.spot(Number(spot), moved(spots[spot].spot, by)); show(`[data-spot="${spot}"]`); }
    else if (corner !== undefined && find(chosen) && !drawing) cornerKey(find(chosen), Number(corner), event, by);
  });
  unplaced.addEventListener("click", (event) => {
    const i = event.target.dataset.place;
    if (i !== undefined) { drag.spot(Number(i), [0.5, 0.5]); show(`[data-spot="${i}"]`); }
  });
  draw.addEventListener("click", () => {
    if (drawing) { finish(); return; }
    drawing = []; draw.setAttribute("aria-pressed", "true"); said.textContent = draw.textContent + ": " + (find(chosen)?.name || ""); show();
  });
  save.addEventListener("click", async () => {
    for (const [path, value] of [...changed]) if (await window.floorcastEdit("set", JSON.parse(path), value, save)) changed.delete(path);
    save.disabled = changed.size === 0;
  });

  byId("picture-file").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (file && await window.floorcastPut("plan", file, event.target)) window.location.reload();
  });
  show();
})();

/* The floor plan: zones as polygons whose corners are moved by mouse, finger or arrow keys, or drawn anew. */
(function () {
  "use strict";
  const NS = "http://www.w3.org/2000/svg", W = 1000, H = 600, STEP = 0.01;
  const svg = document.getElementById("plan"), zones = JSON.parse(svg.dataset.zones), said = document.getElementById("plan-said");
  const save = document.getElementById("save-plan"), draw = document.getElementById("draw");
  const page = document.getElementById("settings"), changed = new Set();
  let chosen = zones[0]?.id || null, drawing = null, dragged = null;
  const bounded = (v) => Math.min(1, Math.max(0, Math.round(v * 1000) / 1000));
  const at = (event) => { const box = svg.getBoundingClientRect(); return [bounded((event.clientX - box.left) / box.width), bounded((event.clientY - box.top) / box.height)]; };
  const node = (name, attributes) => { const made = document.createElementNS(NS, name); for (const [k, v] of Object.entries(attributes)) made.setAttribute(k, v); return made; };
  const points = (polygon) => polygon.map(([x, y]) => `${x * W},${y * H}`).join(" ");
  const find = (id) => zones.find((z) => z.id === id);
  const touch = (id) => { changed.add(id); save.disabled = false; };

  const show = (focus) => {
    svg.replaceChildren();
    for (const zone of zones) {
      if (zone.polygon.length < 2) continue;
      const here = zone.id === chosen;
      const shape = node("polygon", { points: points(zone.polygon), class: "zone" + (here ? " here" : ""), "data-zone": zone.id, tabindex: "0", role: "button", "aria-pressed": String(here), "aria-label": zone.name });
      svg.append(shape);
      const x = zone.polygon.reduce((s, p) => s + p[0], 0) / zone.polygon.length, y = zone.polygon.reduce((s, p) => s + p[1], 0) / zone.polygon.length;
      const label = node("text", { x: x * W, y: y * H, class: "zone-name" }); label.textContent = zone.name; svg.append(label);
    }
    const zone = drawing ? null : find(chosen);
    (zone ? zone.polygon : drawing || []).forEach(([x, y], i) => svg.append(node("circle", { cx: x * W, cy: y * H, r: 12, class: "corner", "data-corner": i, tabindex: "0", role: "button", "aria-label": `${zone ? zone.name : ""} ${i + 1}` })));
    if (drawing && drawing.length > 1) svg.append(node("polyline", { points: points(drawing), class: "draft" }));
    if (focus !== undefined) svg.querySelector(`[data-corner="${focus}"]`)?.focus();
  };
  const choose = (id) => { chosen = id; for (const entry of document.querySelectorAll("details[data-entry]")) entry.open = entry.dataset.entry === id; show(); };
  const finish = () => {
    if (drawing && drawing.length >= 3 && chosen) { find(chosen).polygon = drawing; touch(chosen); }
    drawing = null; draw.setAttribute("aria-pressed", "false"); said.textContent = ""; show();
  };

  svg.addEventListener("pointerdown", (event) => {
    if (drawing) { drawing.push(at(event)); show(); event.preventDefault(); return; }
    const corner = event.target.dataset.corner;
    if (corner !== undefined) { dragged = Number(corner); svg.setPointerCapture(event.pointerId); return; }
    if (event.target.dataset.zone) choose(event.target.dataset.zone);
  });
  svg.addEventListener("pointermove", (event) => { if (dragged !== null) { find(chosen).polygon[dragged] = at(event); touch(chosen); show(); } });
  svg.addEventListener("pointerup", () => { dragged = null; });
  svg.addEventListener("dblclick", finish);
  svg.addEventListener("keydown", (event) => {
    if (event.target.dataset.zone && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); choose(event.target.dataset.zone); return; }
    const corner = event.target.dataset.corner, zone = find(chosen);
    if (corner === undefined || !zone || drawing) return;
    const move = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key], i = Number(corner);
    if (move) { event.preventDefault(); zone.polygon[i] = [bounded(zone.polygon[i][0] + move[0]), bounded(zone.polygon[i][1] + move[1])]; touch(chosen); show(i); }
    if (event.key === "Delete" && zone.polygon.length > 3) { zone.polygon.splice(i, 1); touch(chosen); show(Math.min(i, zone.polygon.length - 1)); }
    if (event.key === "Insert") { const next = zone.polygon[(i + 1) % zone.polygon.length]; zone.polygon.splice(i + 1, 0, [bounded((zone.polygon[i][0] + next[0]) / 2), bounded((zone.polygon[i][1] + next[1]) / 2)]); touch(chosen); show(i + 1); }
  });
  draw.addEventListener("click", () => {
    if (drawing) { finish(); return; }
    drawing = []; draw.setAttribute("aria-pressed", "true"); said.textContent = draw.textContent + ": " + (find(chosen)?.name || ""); show();
  });
  save.addEventListener("click", async () => {
    for (const id of [...changed]) {
      const path = ["sensors", "stores", page.dataset.store, "zones", id, "polygon"];
      if (await window.floorcastEdit("set", path, find(id).polygon, save)) changed.delete(id);
    }
    save.disabled = changed.size === 0;
  });
  show();
})();

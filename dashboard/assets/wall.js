/* The wall: what stands on the page follows from what the server says. Nothing that moves goes through Dash: its
   renderer keeps every change of a callback's input for ever, half a day of them would be 60 MB. */
(function () {
  "use strict";
  const F = (window.floorcast = window.floorcast || {});
  const GLASS = 300; /* events to screen kept for the percentile: about five minutes */
  let frame = null, fmt = null, clock = null, link = null, live = null, charted = [], phase = null, lastGlass = null;
  const glass = [];
  const byId = (id) => document.getElementById(id);
  const pixel = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 20;
  const now = () => clock.now() ?? live?.at ?? 0;
  const setClass = (node, cls) => { if (node && node.className !== cls) node.className = cls; };

  const deliver = (state) => {
    live = state;
    paint(state);
  };

  /* How the data stands, by the server's clock: how old, and whether that is delayed or dead. */
  const standing = () => {
    if (!live) return { name: "connecting", age: 0 };
    if (live.at === null || live.at === undefined) return { name: live.link === "down" ? "down" : "waiting", age: 0 };
    const age = Math.max(0, (now() - live.at) / 1000);
    if (live.link === "down") return { name: "down", age };
    return { name: age >= frame.stale_s ? "stale" : age >= frame.delayed_s ? "delayed" : "live", age };
  };

  const banner = (s) => {
    const head = live?.parts.head || {}, silent = live?.parts.silent || {};
    if (s.name === "down") return live.at ? ["dead", "banner.redis", { at: live.at }] : ["dead", "banner.redis_first", {}];
    if (s.name === "stale") return ["dead", "banner.stale", { at: live.at }];
    if (silent.k) return ["warn", silent.k, Object.fromEntries(Object.entries(silent.a).map(([k, v]) => [k, v]))];
    if (head.phase === "before") return ["calm", "banner.before", head];
    if (head.phase === "closed") return ["calm", head.next ? "banner.reopens" : "banner.closed", head];
    return ["", "", {}];
  };

  const hours = (head) => (!head || !head.opens ? (head && head.phase !== "empty" ? fmt.say("head.shut") : "") : fmt.say("head.hours", head));

  const p95 = () => {
    if (!glass.length) return null;
    const sorted = glass.slice().sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] / 1000;
  };

  const heartbeat = () => {
    if (!frame || !byId("wall")) return;
    const s = standing(), dead = s.name === "stale" || s.name === "down", [tone, key, args] = banner(s);
    const words = { live: "link.live", delayed: "link.delayed", connecting: "link.connecting", waiting: "link.waiting" };
    F.put("fresh", [F.h("i", { cls: "dot", "aria-hidden": "true" }), F.h("span", {}, fmt.say(words[s.name] || "link.offline", { s: Math.floor(s.age) }))]);
    setClass(byId("fresh"), "fresh " + (dead ? "dead" : s.name));
    const worst = p95();
    F.put("glass", worst === null || s.name !== "live" ? "" : fmt.say("link.glass", { s: worst }));
    F.put("banner", key ? fmt.say(key, args) : "");
    setClass(byId("banner"), "banner " + tone);
    F.put("clock", clock.now() ? fmt.time(clock.now()) : fmt.DASH);
    const head = live?.parts.head;
    setClass(byId("wall"), ["wall", frame.view ? "view-" + frame.view : "", dead ? "stale" : "", live ? "phase-" + (head ? head.phase : "empty") : "loading"].filter(Boolean).join(" "));
    rail();
  };

  /* As many cards as there is room for; what does not fit is counted, never cut. */
  const rail = () => {
    const box = byId("cards");
    if (!box || !live?.parts.rail) return;
    for (let room = live.parts.rail.ids.length; room >= 0; room -= 1) {
      F.morph(box, F.cards(live.parts, frame, fmt, now(), room));
      if (box.scrollHeight <= box.clientHeight + 1) return;
    }
  };

  const empty = (parts) => {
    if (parts.head && parts.head.phase !== "empty") { byId("empty")?.remove(); return; }
    if (!byId("empty")) { const box = document.createElement("section"); box.id = "empty"; box.className = "empty"; byId("wall").appendChild(box); }
    F.put("empty", [F.h("h2", {}, fmt.say("empty.title")), F.h("p", {}, fmt.say("empty.body")), F.h("ol", {}, F.steps(parts.first, fmt))]);
  };

  const sums = (parts) => {
    const s = parts.sum || {};
    if (s.n === null || s.n === undefined) return "";
    const rest = [s.total === null ? null : fmt.say("chart.total", { n: s.total }), s.by ? fmt.say("chart.champion", { model: frame.words["model." + s.by] || s.by }) : null].filter(Boolean);
    return [F.h("b", {}, fmt.say("chart.sofar", { n: s.n })), rest.map((r) => " · " + r).join("")];
  };

  const plan = (parts) => {
    const box = byId("plan");
    if (box) F.morph(box, F.plan(frame, parts, fmt, Math.round(box.clientWidth), Math.round(box.clientHeight), pixel()));
  };

  /* Event to screen: the newest event's own time until the frame after its number was drawn. */
  const measure = (state) => {
    if (!state.newest || state.newest === lastGlass || state.link !== "ok") return;
    const first = lastGlass === null;
    lastGlass = state.newest;
    if (first) return; /* what was there before this page opened says nothing about it */
    requestAnimationFrame(() => requestAnimationFrame(() => {
      glass.push(Math.max(0, now() - state.newest));
      if (glass.length > GLASS) glass.shift();
    }));
  };

  const nightly = (head) => {
    if (phase === "open" && head.phase === "closed") setTimeout(() => window.location.reload(), 60000 + Math.random() * 60000);
    phase = head.phase;
  };

  const paint = (state) => {
    const parts = state.parts;
    empty(parts);
    F.put("tiles", frame.tiles.map((name) => F.tile(name, parts["tile:" + name], fmt, frame.why[name])));
    F.put("hours", hours(parts.head));
    if (parts.head) nightly(parts.head);
    F.put("visitors-note", sums(parts));
    chart(parts);
    plan(parts);
    if (parts.stock) F.put("stock-rows", F.rows(parts.stock, frame, fmt));
    if (parts.rail) { F.put("rail-note", parts.rail.open ? fmt.say("rail.open", { n: parts.rail.open }) : ""); F.put("tally", F.tally(parts.rail, fmt)); }
    heartbeat();
    measure(state);
    document.documentElement.dataset.seq = state.seq;
  };

  /* Drawn anew when its parts, which are other objects then, or its box changed. */
  const chart = (parts) => {
    const box = byId("chart");
    if (!box || !box.clientWidth || !parts.chart || !parts.chart.from) return;
    const drawn = [parts.chart, parts.expect, box.clientWidth, box.clientHeight];
    if (drawn.every((one, i) => one === charted[i])) return;
    charted = drawn;
    F.morph(box, F.chart(parts, fmt, box.clientWidth, box.clientHeight, pixel(), window.innerWidth > 900));
  };

  /* The wall's token is a cookie by now; it need not stand in the address. */
  const forgetToken = () => {
    const here = new URL(window.location.href);
    if (!here.searchParams.has("k")) return;
    here.searchParams.delete("k");
    window.history.replaceState(window.history.state, "", here);
  };

  let timer = null;
  const start = (data) => {
    if (!data || frame) return window.dash_clientside.no_update;
    frame = data;
    forgetToken();
    clock = F.Clock();
    fmt = F.formatter(frame, now);
    F.put("tiles", frame.tiles.map((name) => F.tile(name, null, fmt, frame.why[name])));
    plan({});
    heartbeat();
    link = F.Link(frame.store, clock, deliver);
    if (timer === null) timer = setInterval(heartbeat, 1000);
    window.addEventListener("resize", () => { if (live) deliver(Object.assign({}, live)); });
    return frame.store;
  };

  window.floorcast.inspect = () => ({ live, deliver, standing: frame ? standing().name : "", p95: p95(), glass: glass.length, link });
  window.dash_clientside = Object.assign({}, window.dash_clientside, { wall: { start } });
})();

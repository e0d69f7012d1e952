/* Managers' pages: formats and cells of the tables, the hint stream, and writes with the session's token. */
(function () {
  "use strict";
  const DASH = "–";
  const none = (v) => v === null || v === undefined;
  const language = () => (document.querySelector("[lang]:not(html)")?.lang || "zh-CN");
  const number = (v, low, high) => new Intl.NumberFormat(language(), { minimumFractionDigits: low, maximumFractionDigits: high }).format(v);
  const money = (minor, currency) => {
    const form = new Intl.NumberFormat(language(), { style: "currency", currency, currencyDisplay: "narrowSymbol", maximumFractionDigits: 0 });
    const digits = new Intl.NumberFormat(language(), { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
    return form.format(minor / 10 ** digits);
  };
  const clock = (ms, timeZone) => new Intl.DateTimeFormat(language(), { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(ms));
  const seconds = (s) => (s < 90 ? number(s, 0, 0) + " s" : s < 5400 ? number(s / 60, 0, 0) + " min" : number(s / 3600, 1, 1) + " h");
  const mmss = (s) => Math.floor(s / 60) + ":" + String(Math.floor(s) % 60).padStart(2, "0");
  const words = { firing: ["Open", "未处理"], acknowledged: ["Taken", "处理中"], resolved: ["Resolved", "已解决"], expired: ["Over", "已结束"] };

  const phone = window.matchMedia("(max-width: 600px)"); /* tables show what matters most there */
  const fits = new WeakMap(); /* a table's columns, all and few, by its grid */
  const onPhone = (columns, widths) => columns.filter((c) => c.field in widths).map((c) => ({ ...c, pinned: null, minWidth: 44, ...(widths[c.field] ? { width: widths[c.field], flex: null } : { flex: 1 }) }));

  let answered = "";
  const grid = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  grid.fc = {
    int: (p) => (none(p.value) ? DASH : number(p.value, 0, 0)),
    pct: (p) => (none(p.value) ? DASH : number(p.value * 100, 1, 1) + "%"),
    money: (p) => (none(p.value) ? DASH : money(p.value, p.data.currency)),
    seconds: (p) => (none(p.value) ? DASH : seconds(p.value)),
    clock: (p) => (none(p.value) ? DASH : clock(p.value, p.data.zone)),
    yes: (p) => (p.value ? "✓" : ""),
    state: (p) => (words[p.value] ? words[p.value][language() === "zh-CN" ? 1 : 0] : p.value),
    change: (p) => (p.value || []).map((v) => (none(v) ? DASH : p.data.currency ? money(v, p.data.currency) : number(v / 100, 0, 0))).join(" → "),
    recovered: (p) => (none(p.value) ? DASH : money(p.value, p.data.currency) + (none(p.data.low) ? "" : " (" + money(p.data.low, p.data.currency) + " … " + money(p.data.high, p.data.currency) + ")")),
    /* What a person chose, kept apart from what the table makes of its rows; a row that left takes its choice not along. */
    chosen: (p) => {
      if (p.source !== "rowClicked" && p.source !== "spaceKey") return;
      const row = p.selectedNodes[0]?.data;
      window.dash_clientside.set_props(p.context.table + "-chosen", { data: row ? { id: row.id, store: row.store } : null });
    },
    /* The enter key follows a cell's link, or chooses its row. */
    entered: (p) => {
      if (p.event.key !== "Enter") return;
      const link = p.event.target.querySelector("a");
      if (link) link.click();
      else if (p.api.getGridOption("rowSelection")) p.api.setNodesSelected({ nodes: [p.node], newValue: true, source: "spaceKey" });
    },
    /* The row that the address asks for is chosen, once, and what is told of it comes into sight. */
    asked: (p) => {
      const wanted = new URLSearchParams(window.location.search).get("why"), node = wanted && p.api.getRowNode(wanted);
      if (!node || answered === window.location.href || !p.api.getGridOption("rowSelection")) return;
      answered = window.location.href;
      p.api.ensureNodeVisible(node, "middle");
      p.api.setNodesSelected({ nodes: [node], newValue: true, source: "spaceKey" });
      const place = document.querySelector(".panel.life");
      new MutationObserver((_, watch) => {
        if (!place.querySelector("dl, ol")) return;
        watch.disconnect();
        place.scrollIntoView({ block: "start" });
      }).observe(place, { childList: true, subtree: true });
    },
    /* As high as its rows need, up to its tallest; headings may take two lines. */
    sized: (p) => {
      const box = document.getElementById(p.context.table), rows = p.api.getGridOption("rowData")?.length || 0;
      if (!box) return;
      const tall = (part) => box.querySelector(part)?.offsetHeight || 0;
      box.style.setProperty("height", `min(${p.context.tallest}, ${(tall(".ag-header") || 42) + tall(".ag-body-horizontal-scroll:not(.ag-scrollbar-invisible)") + 44 * Math.max(rows, 1) + 4}px)`);
    },
    fact: (p) => (none(p.value) ? DASH : p.data.unit === "ratio" ? number(p.value * 100, 1, 1) + "%" : p.data.unit === "minor" ? money(p.value, p.data.currency) : p.data.unit === "seconds" ? mmss(p.value) : p.data.unit === "ratio_plain" ? number(p.value, 2, 2) : typeof p.value === "number" ? number(p.value, 0, 1) : p.value),
  };

  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const el = (...a) => window.React.createElement(...a);
  cells.StoreLink = (p) => el("a", { href: "/store/" + encodeURIComponent(p.data.id) + window.location.search, className: "store-link" }, p.value);
  cells.Count = (p) => (p.value ? el("span", { className: "chip " + p.tone }, number(p.value, 0, 0)) : el("span", { className: "zero" }, "0"));
  cells.Severity = (p) => el("i", { className: "ico " + (p.data.state === "firing" || p.data.state === "acknowledged" ? p.value : "over"), role: "img", "aria-label": p.value });
  cells.Health = (p) => el("span", { className: "chip " + p.data.tone }, p.value);
  cells.Spark = (p) => {
    const v = p.value || [];
    if (v.length < 2) return el("span", { className: "zero" }, DASH);
    const top = Math.max(1, ...v), points = v.map((y, i) => (2 + (i * 126) / (v.length - 1)).toFixed(1) + "," + (28 - (24 * y) / top).toFixed(1)).join(" ");
    return el("svg", { width: 130, height: 30, viewBox: "0 0 130 30", role: "img", "aria-label": v.join(" ") }, el("polyline", { points, fill: "none", stroke: "#4C9BFF", strokeWidth: 2 }));
  };

  /* A chart follows its place: one that was being drawn while the window changed keeps the width it had before. Its
     layout may know the new one by then, and resizing does nothing: it is drawn anew. */
  const strays = (plot) => {
    const drawn = plot.querySelector(".main-svg");
    return drawn && plot.clientWidth && Math.abs(drawn.clientWidth - plot.clientWidth) > 1;
  };
  const charts = () => document.querySelectorAll(".js-plotly-plot").forEach((plot) => {
    if (strays(plot)) window.Plotly.Plots.resize(plot).then(() => { if (strays(plot)) window.Plotly.redraw(plot); });
  });

  /* A table follows the phone: held upright only some columns, and a word how to see the others. Events of the grid come
     before anybody listens, and Dash's wrapper may put its own columns back. */
  const fitted = (box, api) => {
    const now = api.getGridOption("columnDefs"), widths = api.getGridOption("context").phone;
    let fit = fits.get(api);
    if (now !== fit?.all && now !== fit?.few) fits.set(api, (fit = { all: now.map((c) => ({ flex: null, ...c })), few: onPhone(now, widths) }));
    const narrow = phone.matches, wanted = narrow ? fit.few : now === fit.few ? fit.all : now;
    box.dataset.narrow = narrow;
    box.dataset.fewer = narrow && fit.few.length < fit.all.filter((c) => !c.hide).length;
    if (wanted !== now) api.setGridOption("columnDefs", wanted);
  };
  const tables = () => document.querySelectorAll(".ag-root-wrapper").forEach((drawn) => {
    const box = drawn.closest("[id]"), api = box && window.dash_ag_grid.getApi(box.id);
    if (api) fitted(box, api);
  });
  setInterval(charts, 1000);
  setInterval(tables, 250);
  window.addEventListener("resize", tables);

  /* Dash drops the answer to a question that it has asked again: answers under way are counted, and awaited. */
  let due = 0;
  const plain = window.fetch;
  window.fetch = (asked, ...rest) => {
    const answer = plain(asked, ...rest), came = () => setTimeout(() => { due -= 1; }, 200); /* when Dash has taken it in */
    if (String(asked.url || asked).includes("/_dash-update-component")) { due += 1; answer.then(came, came); }
    return answer;
  };

  /* Hints come as fast as facts do; pages read again at most every two seconds, and when the last reading has come. */
  let waiting = null, last = 0, n = 0;
  const refresh = () => { if (due > 0) { waiting = setTimeout(refresh, 100); return; } waiting = null; last = performance.now(); n += 1; if (document.getElementById("main")) window.dash_clientside.set_props("changed", { data: n }); };
  const hint = () => { if (waiting === null) waiting = setTimeout(refresh, Math.max(0, 2000 - (performance.now() - last))); };
  /* Numbers that nothing renews are said to be old: a line above the page, for as long as it lasts. */
  let lost = false;
  const say = (text, old) => { const place = document.getElementById("trouble"); if (place) { place.textContent = text; place.classList.toggle("old", old); } };
  const word = (key) => window.floorcastManagers.words[language() === "zh-CN" ? "zh" : "en"]?.[key];
  const gone = () => { lost = true; say(word("staff.silent") || DASH, true); };
  const changed = () => { if (lost) { lost = false; say("", false); } hint(); };
  const listen = () => {
    const stream = new EventSource("/events");
    stream.addEventListener("changed", changed);
    stream.addEventListener("lost", gone);
    stream.onerror = () => { gone(); if (stream.readyState === 2) setTimeout(listen, 2000); };
  };
  window.addEventListener("load", listen);

  window.floorcastManagers = { csrf: "", words: {} };
  document.addEventListener("click", async (event) => {
    if (event.target.closest("#leave")) {
      await fetch("/logout", { method: "POST", headers: { "X-CSRF": window.floorcastManagers.csrf } });
      window.location.assign("/login");
      return;
    }
    const tapped = event.target.closest("button[data-do]");
    if (!tapped || tapped.disabled) return;
    const { do: what, store, target } = tapped.dataset;
    const wish = { store, target, do: what };
    if (what === "assign") wish.note = document.getElementById("give-to").value;
    if (what === "comment") { wish.note = document.getElementById("note").value.trim(); if (!wish.note) return; }
    if (what === "silence") wish.lasts_s = 3600;
    tapped.disabled = true;
    let verdict = "failed";
    try {
      const answer = await fetch("/act", { method: "POST", body: JSON.stringify(wish), headers: { "X-CSRF": window.floorcastManagers.csrf, "Content-Type": "application/json" } });
      verdict = (await answer.json()).verdict;
    } catch (error) { verdict = "failed"; } /* no network, or no answer in words: said above the page */
    tapped.disabled = false;
    if (verdict === "ok" && what === "comment") document.getElementById("note").value = "";
    say(word("said." + verdict) || verdict, false);
    hint();
  });
  window.dash_clientside = Object.assign({}, window.dash_clientside, { managers: { know: (me, words) => {
    if (me) window.floorcastManagers.csrf = me.csrf;
    if (words) window.floorcastManagers.words = words;
    for (const [tongue, said] of Object.entries(words || {})) document.documentElement.style.setProperty("--turn-" + tongue, JSON.stringify(said["grid.turn"]));
    return window.dash_clientside.no_update;
  } } });
})();

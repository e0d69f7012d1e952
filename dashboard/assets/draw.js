/* Parts → nodes, one function a panel. */
(function () {
  "use strict";
  const F = (window.floorcast = window.floorcast || {});
  const div = (cls, ...c) => F.h("div", { cls }, ...c);
  const span = (cls, ...c) => F.h("span", cls ? { cls } : {}, ...c);
  const icon = (status) => F.h("i", { cls: "ico " + status, "aria-hidden": "true" });
  const chip = (status, text) => F.h("span", { cls: "chip " + status }, icon(status), text);
  const share = (v) => (100 * v).toFixed(1) + "%";

  /* ``why``: where its number is explained, for whoever may read that; without it a tile is no link. */
  F.tile = function (name, part, fmt, why) {
    const p = part || { v: null, f: "int", s: "", k: "", a: {} }, value = fmt.pieces(p.v, p.f);
    const title = fmt.say("tile." + name), status = p.off ? "off" : p.s;
    const words = status === "watch" || status === "act" ? fmt.say("status." + status) : "";
    const mark = status === "ok" ? icon("ok") : words ? chip(status, words) : null;
    const long = ((value.before || "") + value.big + (value.after || "")).length > 6 ? " long" : "";
    const context = p.cov !== undefined && p.cov !== null && !p.off ? fmt.say("ctx.coverage", { share: p.cov }) : p.k ? fmt.say(p.k, p.a) : "";
    const bar = p.lo === undefined ? [] : [
      F.h("i", { cls: "band", css: { left: share(p.lo), width: share(Math.max(0, p.hi - p.lo)) } }),
      p.m === undefined ? null : F.h("i", { cls: "marker", css: { left: share(p.m) } }),
    ];
    const said = title + (words ? ": " + words : "");
    const link = why ? { href: why, target: "_top", "aria-label": `${said} ${value.before || ""}${value.big}${value.after || ""} – ${fmt.say("tile.why")}` } : { role: "group", "aria-label": said };
    return F.h(why ? "a" : "div", { cls: "tile " + status, key: name, ...link },
      div("label", span("name", title), mark),
      div("figure", span("value" + long, value.before ? F.h("small", {}, value.before) : null, value.big, value.after ? F.h("small", {}, value.after) : null),
        p.tag ? span("window", fmt.say(p.tag)) : null),
      div("context", span("", context), p.d === undefined || p.off ? null : F.h("b", {}, fmt.signed(p.d, fmt.say("diff." + p.du)))),
      F.h("div", { cls: "bar", "aria-hidden": "true" }, bar));
  };

  /* A polygon drawn ``gap`` smaller towards its middle, its corners rounded by its own stroke. */
  const inset = (points, gap) => {
    const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
    const cx = (Math.min(...xs) + Math.max(...xs)) / 2, cy = (Math.min(...ys) + Math.max(...ys)) / 2;
    const pull = (v, c) => (Math.abs(v - c) < gap ? v : v + (v < c ? gap : -gap));
    return { text: points.map((p) => pull(p[0], cx).toFixed(1) + "," + pull(p[1], cy).toFixed(1)).join(" "), cx, cy, width: Math.max(...xs) - Math.min(...xs) };
  };

  /* Where the floor lies in its box: all of it, or as large as its picture's shape allows, in the middle. */
  const floor = (picture, width, height) => {
    if (!picture) return { x: 0, y: 0, w: width, h: height };
    const w = Math.min(width, height * picture.ratio), h = w / picture.ratio;
    return { x: (width - w) / 2, y: (height - h) / 2, w, h };
  };

  /* A name is written smaller where its zone is too narrow for it; Latin letters are about half as wide as high. */
  const fitted = (name, width, px) => {
    const ems = [...name].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 1 : 0.58), 0);
    return { "font-size": (1.1 * Math.max(0.6, Math.min(1, (width - 10 * px) / (22 * px * ems)))).toFixed(2) + "rem" };
  };

  F.plan = function (frame, parts, fmt, width, height, px) {
    if (!frame.zones.length && !frame.picture) return [div("nothing", fmt.say("dwell.none"))];
    const on = floor(frame.picture, width, height), gap = frame.picture ? 2 : 7;
    const place = (zone) => zone.polygon.map(([x, y]) => [on.x + x * on.w, on.y + y * on.h]);
    const shape = (zone) => inset(place(zone), gap * px);
    const ring = (zone, status) => inset(place(zone), (status === "act" ? 6 : 4.5) * px).text;
    const under = frame.picture ? F.h("image", { cls: "picture", key: "picture", href: frame.picture.url, x: on.x, y: on.y, width: on.w, height: on.h, preserveAspectRatio: "none" }) : null;
    const level = { act: 2, watch: 1 };
    const drawn = frame.zones.map((zone) => ({ zone, part: parts["zone:" + zone.id] || {} }))
      .sort((a, b) => (level[a.part.s] || 0) - (level[b.part.s] || 0));
    return [F.h("svg", { cls: frame.picture ? "pictured" : "", viewBox: "0 0 " + width + " " + height, width, height }, under, drawn.map(({ zone, part }) => {
      const at = shape(zone), value = part.v === null || part.v === undefined ? fmt.DASH : fmt.mmss(part.v);
      const heat = part.h === null || part.h === undefined ? "none" : part.h;
      return F.h("g", { cls: "zone heat" + heat + (part.s ? " " + part.s : ""), key: zone.id },
        F.h("polygon", { cls: "area", points: at.text }),
        part.s ? F.h("polygon", { cls: "ring", points: ring(zone, part.s) }) : null,
        F.h("text", { cls: "zone-name", css: fitted(zone.name, at.width, px), x: at.cx.toFixed(1), y: (at.cy - 6 * px).toFixed(1) }, zone.name),
        F.h("text", { cls: "zone-value", x: at.cx.toFixed(1), y: (at.cy + 24 * px).toFixed(1) }, value));
    }))];
  };

  const cover = (v, fmt) =>
    v === null || v === undefined ? fmt.DASH
      : v < 1 ? fmt.say("cover.min", { n: v * 60 })
        : v < 48 ? fmt.say("cover.hours", { n: v }) : fmt.say("cover.days", { n: v / 24 });

  F.rows = function (stock, frame, fmt) {
    if (!stock.rows.length) return [F.h("tr", { key: "none" }, F.h("td", { colspan: "4", cls: "nothing" }, fmt.say("stock.none")))];
    const count = (v) => (v === null || v === undefined ? fmt.DASH : fmt.int(v));
    return stock.rows.map((row) => {
      const status = stock.off ? "" : row.s;
      return F.h("tr", { key: row.id },
        F.h("th", { scope: "row" }, row.name[frame.language]),
        F.h("td", {}, count(row.sold)), F.h("td", {}, count(row.left)),
        F.h("td", {}, status ? chip(status, cover(row.cover, fmt)) : span("chip", cover(row.cover, fmt))));
    });
  };

  const number = (card, fmt) =>
    card.value === null || !card.f ? null : card.f === "hours" ? cover(card.value, fmt) : fmt.as(card.f, card.value);

  const title = F.title = (card, frame, fmt) => {
    const said = card.title[frame.language], value = number(card, fmt);
    return value === null || /\d/.test(said) ? said : said + "\u00a0·\u00a0" + value.replace(" ", "\u00a0");
  };

  F.card = function (id, card, frame, fmt, now) {
    const place = card.place ? card.place[frame.language] : fmt.say("place.store");
    const hours = (now - card.at) / 3600000;
    const ago = hours < 1 / 60 ? fmt.say("card.just_now") : hours < 2 ? fmt.say("card.ago", { at: card.at }) : fmt.say("card.hours_ago", { n: Math.floor(hours) });
    const action = card.do ? card.do[frame.language] : fmt.say("card.look", { metric: "metric." + card.metric });
    const risk = card.risk ? span("risk", fmt.rich("card.risk", { minor: card.risk })) : null;
    return F.h("article", { cls: "card " + card.s + (card.taken ? " taken" : ""), key: id, "data-id": id },
      div("what", icon(card.s), frame.why.card ? F.h("a", { cls: "head", href: frame.why.card + encodeURIComponent(id), target: "_top" }, title(card, frame, fmt)) : span("head", title(card, frame, fmt)), span("unseen", fmt.say("status." + card.s))),
      div("todo", span("", action), risk),
      div("meta", F.h("span", { cls: "place" }, place), span("age", "· " + ago),
        card.taken || card.who ? F.h("b", { cls: "who" }, fmt.say("card.taken", { who: card.who || fmt.DASH })) : F.h("b", { cls: "nobody" }, fmt.say("card.untaken"))));
  };

  F.cards = function (parts, frame, fmt, now, room) {
    const ids = parts.rail.ids.filter((id) => parts["card:" + id]);
    if (!ids.length) return [F.h("div", { cls: "clear", key: "clear" }, F.h("i", { cls: "tick", "aria-hidden": "true" }), F.h("b", {}, fmt.say("rail.clear")), span("", fmt.say("rail.clear_sub")))];
    const cards = ids.slice(0, room).map((id) => F.card(id, parts["card:" + id], frame, fmt, now));
    const more = parts.rail.open - cards.length;
    return more > 0 ? cards.concat([F.h("div", { cls: "more", key: "more" }, fmt.say("rail.more", { n: more }))]) : cards;
  };

  /* What a shop without data waits for, stage by stage: at work, or with the command that helps. */
  F.steps = (first, fmt) => {
    const step = (done, key, command) => F.h("li", { key }, icon(done ? "ok" : "watch"), span("", fmt.say(done ? key + "_ok" : key)), done ? null : F.h("code", {}, command));
    const { ingest, devices, run } = first || { run: {} };
    return [step(ingest, "empty.ingest", run.ingest),
      step(devices, "empty.devices", run.devices),
      ...(devices ? [step(false, "empty.floor", run.floor)] : []),
      F.h("li", { key: "else" }, span(""), span("", fmt.say("empty.else")), F.h("code", {}, run.check))];
  };

  F.tally = (rail, fmt) => {
    const said = [fmt.rich("rail.raised", { n: rail.raised }), fmt.rich("rail.resolved", { n: rail.resolved })];
    if (rail.take !== null) said.push(fmt.rich("rail.take", { s: rail.take }));
    return said.flatMap((s, i) => (i ? [" · "].concat(s) : s));
  };
})();

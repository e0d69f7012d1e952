/* The staff page: what to do, and saying that one does it. Draws what the stream says; a tap is a POST. */
(function () {
  "use strict";
  const F = window.floorcast, frame = JSON.parse(document.getElementById("frame").textContent);
  const clock = F.Clock(), now = () => clock.now() ?? live?.at ?? 0, fmt = F.formatter(frame, now);
  const byId = (id) => document.getElementById(id);
  const pending = new Map(), notes = new Map(); /* by incident: what is being sent, what came of the last tap */
  let live = null;

  const div = (cls, ...c) => F.h("div", { cls }, ...c);
  const name = (who) => frame.people[who] || who;
  const standing = () => {
    if (!live) return "connecting";
    if (live.at === null || live.at === undefined) return live.link === "down" ? "down" : "waiting";
    const age = (now() - live.at) / 1000;
    return live.link === "down" ? "down" : age >= frame.stale_s ? "stale" : age >= frame.delayed_s ? "delayed" : "live";
  };

  const age = (card) => {
    const hours = (now() - card.at) / 3600000;
    return hours < 1 / 60 ? fmt.say("card.just_now") : hours < 2 ? fmt.say("card.ago", { at: card.at }) : fmt.say("card.hours_ago", { n: Math.floor(hours) });
  };
  const button = (id, what, cls) =>
    F.h("button", { cls, "data-id": id, "data-do": what, key: what, ...(pending.has(id) ? { disabled: "" } : {}) }, fmt.say("staff." + what, { n: frame.snooze_s / 60 }));

  const buttons = (id, card) => {
    if (card.owner && card.owner !== frame.me) return [];
    if (card.done) return [];
    if (card.owner === frame.me) return [div("does", button(id, "done", "primary wide"), button(id, "snooze", ""), button(id, "dismiss", ""))];
    return [div("does", button(id, "ack", "primary wide"), button(id, "snooze", ""), button(id, "dismiss", ""))];
  };

  const state = (card) => {
    if (card.done) return F.h("span", { cls: "who" }, " " + fmt.say("staff.finished"));
    if (card.owner === frame.me) return F.h("span", { cls: "who" }, " " + fmt.say("staff.mine"));
    if (card.owner) return F.h("span", { cls: "who" }, " " + fmt.say("card.taken", { who: name(card.owner) }));
    if (card.until) return F.h("span", { cls: "rests" }, " " + fmt.say("staff.later", { at: card.until }));
    return null;
  };

  const draw = (id, card) => {
    const title = F.title(card, frame, fmt), place = card.place ? card.place[frame.language] : fmt.say("place.store");
    const todo = card.do ? card.do[frame.language] : fmt.say("card.look", { metric: "metric." + card.metric });
    const calm = card.owner || card.until ? " calm" : "", note = notes.get(id);
    return F.h("article", { cls: "card " + card.s + calm, key: id, "data-id": id },
      F.h("p", { cls: "meta" }, F.h("b", { cls: "status" }, F.h("i", { cls: "ico " + card.s, "aria-hidden": "true" }), fmt.say("staff." + card.s)),
        F.h("span", { cls: "where" }, place + " · " + age(card))),
      F.h("h2", {}, title),
      F.h("p", { cls: "todo" }, todo, card.risk ? F.h("span", { cls: "risk" }, " · ", fmt.rich("card.risk", { minor: card.risk })) : null, state(card)),
      ...(card.besides ? card.besides[frame.language] : []).map((line) => F.h("p", { cls: "besides" }, line)),
      note ? F.h("p", { cls: "note", role: "status" }, note) : null,
      pending.has(id) ? F.h("p", { cls: "note", role: "status" }, fmt.say("staff.sending")) : null,
      buttons(id, card));
  };

  const paint = () => {
    const parts = live ? live.parts : null, how = standing(), dead = how === "stale" || how === "down";
    const words = { live: "link.live", delayed: "link.delayed", connecting: "link.connecting", waiting: "link.waiting" };
    const seconds = live && live.at ? Math.floor((now() - live.at) / 1000) : 0;
    byId("fresh").className = "fresh " + (dead ? "dead" : how);
    F.put("fresh", [F.h("i", { cls: "dot", "aria-hidden": "true" }), F.h("span", {}, fmt.say(words[how] || "link.offline", { s: seconds }) + " · " + frame.my_name)]);
    byId("banner").hidden = !dead;
    F.put("banner", dead ? fmt.say("staff.silent") : "");
    document.body.classList.toggle("stale", dead);
    if (!parts || !parts.rail) return;
    const ids = parts.rail.ids.filter((id) => parts["card:" + id]);
    const cards = ids.map((id) => draw(id, parts["card:" + id])), more = parts.rail.open - cards.length;
    if (!cards.length) cards.push(F.h("div", { cls: "clear", key: "clear" }, F.h("i", { cls: "ico ok", "aria-hidden": "true" }), F.h("b", {}, fmt.say("rail.clear")), F.h("span", {}, fmt.say("rail.clear_sub"))));
    if (more > 0) cards.push(F.h("p", { cls: "more", key: "more" }, fmt.say("staff.more", { n: more })));
    F.put("cards", cards);
  };

  const deliver = (next, names) => {
    live = next;
    for (const part of names) if (part.startsWith("card:")) { pending.delete(part.slice(5)); }
    paint();
  };

  const ask = (method, path, body) =>
    fetch(path, { method, body, headers: { "X-CSRF": frame.csrf, "Content-Type": "application/json" }, cache: "no-store" });

  const act = async (id, what) => {
    pending.set(id, what);
    notes.delete(id);
    paint();
    let said = null;
    try {
      const answer = await ask("POST", "/act", JSON.stringify({ store: frame.store, target: id, do: what }));
      const body = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
      if (answer.status === 401 || answer.status === 403) said = fmt.say("staff.relogin");
      else if (body.verdict === "taken") said = fmt.say("staff.taken", { who: name(body.who) });
      else if (body.verdict === "over" || body.verdict === "unknown") said = fmt.say("staff.over");
      else if (!answer.ok) said = fmt.say("staff.failed");
    } catch (error) { said = fmt.say("staff.failed"); } /* no network: said on the card, and the button works again */
    if (said) { pending.delete(id); notes.set(id, said); }
    else setTimeout(() => { if (pending.delete(id)) paint(); }, 5000); /* taken by the log; the stream shows what came of it */
    paint();
  };

  document.addEventListener("click", (event) => {
    const tapped = event.target.closest("button[data-do]");
    if (tapped && !pending.has(tapped.dataset.id)) act(tapped.dataset.id, tapped.dataset.do);
  });
  byId("leave").addEventListener("click", async () => { await ask("POST", "/logout"); window.location.assign("/login?lang=" + frame.language); });

  /* Pushes: asked for by a tap, as browsers demand; a phone that has agreed before is registered again each time. */
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const subscribe = async () => {
    const worker = await navigator.serviceWorker.ready;
    const found = await worker.pushManager.getSubscription();
    const subscription = found || (await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(frame.push_key) }));
    const { endpoint, keys } = subscription.toJSON();
    const answer = await ask("PUT", "/push/subscription", JSON.stringify({ endpoint, keys }));
    if (answer.ok) { byId("notify").textContent = fmt.say("staff.notified"); byId("notify").disabled = true; }
  };
  const pushes = async () => {
    if (!("serviceWorker" in navigator)) return;
    await navigator.serviceWorker.register("/staff/sw.js", { scope: "/staff" });
    if (!frame.push_key || !("PushManager" in window)) return;
    byId("notify").hidden = false;
    if (Notification.permission === "granted") await subscribe();
    byId("notify").addEventListener("click", async () => {
      if ((await Notification.requestPermission()) === "granted") await subscribe();
      else byId("notify").textContent = fmt.say("staff.denied");
    });
  };

  F.Link(frame.store, clock, deliver, "/staff/");
  setInterval(paint, 1000);
  paint();
  pushes().catch((error) => { byId("notify").textContent = fmt.say("staff.failed") + " (" + error.name + ")"; });
  F.inspect = () => ({ live, standing: standing() });
})();

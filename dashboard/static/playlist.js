/* Walls in turn. The next one loads behind the present one and is shown when it stands; never more than two live. */
(function () {
  "use strict";
  const stage = document.getElementById("stage"), alertLine = document.getElementById("alert");
  const items = JSON.parse(stage.dataset.items), turn = Number(stage.dataset.seconds) * 1000, hold = Number(stage.dataset.hold) * 1000;
  const language = stage.dataset.language, known = new Set();
  let place = -1, shown = null, coming = null, timer = null, interrupted = null, first = true;

  const stands = (frame) => {
    const page = frame.contentWindow;
    if (!page || !frame.contentDocument || frame.contentDocument.readyState !== "complete") return false;
    if (page.floorcast) return ["live", "delayed", "stale", "down", "waiting"].includes(page.floorcast.inspect().standing);
    return Boolean(frame.contentDocument.querySelector("#rows tr, #down:not(:empty)"));
  };
  const show = (address, stay, begun = performance.now()) => {
    clearTimeout(timer);
    if (coming) coming.remove();
    const frame = document.createElement("iframe");
    frame.src = address; frame.title = address.split("?")[0]; frame.className = "coming"; frame.tabIndex = -1;
    coming = frame; stage.append(frame);
    const wait = () => {
      if (frame !== coming) return;
      if (!stands(frame) && performance.now() - begun < 15000) { timer = setTimeout(wait, 100); return; }
      frame.className = "shown"; if (shown) shown.remove();
      shown = frame; coming = null; stage.dataset.shown = address;
      timer = setTimeout(next, stay);
    };
    wait();
  };
  const next = () => {
    interrupted = null; alertLine.textContent = "";
    if (!items.length) return;
    place = (place + 1) % items.length;
    if (items.length === 1 && shown) { timer = setTimeout(next, turn); return; }
    show(items[place], turn);
  };
  const look = async () => {
    try {
      const answer = await fetch("/wall/_playlist/acts", { cache: "no-store" });
      if (answer.status === 401 || answer.status === 403) { window.location.reload(); return; }
      if (answer.ok) judge(await answer.json());
    } catch (error) { /* the walls themselves say that nobody answers */ }
    setTimeout(look, 2000);
  };
  const judge = (acts) => {
    const fresh = acts.filter((a) => !known.has(a.id));
    for (const act of fresh) known.add(act.id);
    if (known.size > 2000) { known.clear(); for (const act of acts) known.add(act.id); }
    if (interrupted && !acts.some((a) => a.id === interrupted)) { next(); return; }
    if (first) { first = false; return; }
    if (fresh.length) {
      interrupted = fresh[0].id;
      alertLine.textContent = alertLine.dataset.words + ": " + fresh[0].title[language];
      place = Math.max(-1, place - 1);
      show("/wall/" + encodeURIComponent(fresh[0].store) + "?lang=" + language, hold);
    }
  };
  next(); look();
})();

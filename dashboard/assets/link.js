/* The line to the server: server-sent events, everything anew on a gap, polling while the stream is silent. */
(function () {
  "use strict";
  const F = (window.floorcast = window.floorcast || {});
  const SILENT_MS = 15000, POLL_MS = 5000, SAMPLES = 60;
  /* EventSource ends for good when it is answered 503: another is opened so soon, at an instant of each screen's own. */
  const AGAIN_MS = 600, SPREAD_MS = 300, LOOK_MS = 200;

  /* The server's time by this page's own stopwatch: the wall clock of this machine may be wrong, and must not
     matter. The message that travelled fastest gives the best estimate: the largest (server − stopwatch). */
  F.Clock = function () {
    const offsets = [];
    let best = null;
    return {
      take(serverMs) {
        if (serverMs === null || serverMs === undefined) return;
        offsets.push(serverMs - performance.now());
        if (offsets.length > SAMPLES) offsets.shift();
        best = Math.max(...offsets);
      },
      reset() { offsets.length = 0; },
      now() { return best === null ? null : best + performance.now(); },
    };
  };

  /* Calls ``deliver(state, names)`` with the merged state and the names of the parts that changed. */
  F.Link = function (store, clock, deliver, root) {
    const base = (root || "/wall/") + encodeURIComponent(store);
    let state = null, stream = null, heard = performance.now(), polled = 0, version = null, opened = 0, again = AGAIN_MS;

    const merge = (message) => {
      const parts = message.full ? message.set : Object.assign({}, state.parts, message.set);
      for (const name of message.drop) delete parts[name];
      const names = new Set(Object.keys(message.set).concat(message.drop));
      state = { seq: message.seq, at: message.at, newest: message.newest, link: message.link, parts };
      deliver(state, names);
    };
    const take = (message) => {
      heard = performance.now();
      if (version === null) version = message.v;
      if (message.v !== version) { window.location.reload(); return; }
      if (!message.full && (!state || message.seq !== state.seq + 1)) { connect(); return; }
      if (message.full) clock.reset();
      if (message.link === "ok" || !state) clock.take(message.now);
      merge(message);
    };
    const connect = () => {
      if (stream) stream.close();
      opened = performance.now();
      again = AGAIN_MS + SPREAD_MS * Math.random();
      stream = new EventSource(base + "/events");
      const read = (event) => take(JSON.parse(event.data));
      stream.addEventListener("full", read);
      stream.addEventListener("delta", read);
    };
    /* The store is gone, if it is our server that says so and no proxy: the page loaded anew says it in words. */
    const leave = () => fetch("/healthz", { cache: "no-store" })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((said) => { if (said && said.version) window.location.reload(); })
      .catch(() => undefined);
    const poll = () => {
      polled = performance.now();
      fetch(base + "/state", { cache: "no-store" })
        .then((answer) => {
          if (answer.status === 404) leave();
          return answer.ok ? answer.json() : null;
        })
        .then((message) => { if (message && performance.now() - heard > SILENT_MS) { take(message); heard = performance.now() - SILENT_MS - 1; } })
        .catch(() => undefined); /* the age on screen already says that nobody answers */
    };
    const watch = () => {
      const now = performance.now(), silent = now - heard > SILENT_MS;
      const closed = stream.readyState === 2 && now - opened > again;
      if (closed || (silent && now - opened > SILENT_MS)) connect();
      if (silent && now - polled > POLL_MS) poll();
    };
    connect();
    const timer = setInterval(watch, LOOK_MS);
    return { state: () => state, closed: () => stream.readyState !== 1, stop() { clearInterval(timer); stream.close(); } };
  };
})();

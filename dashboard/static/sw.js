/* The staff page's service worker: shows pushes, opens the page they are about, and answers while there is no network. */
"use strict";
const OFFLINE = "floorcast-1", SHELL = ["/static/phone.css", "/static/icon-192.png"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(OFFLINE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/* Data is never answered from a cache: old numbers must not look new. Only what does not change is. */
self.addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (SHELL.includes(path)) event.respondWith(fetch(event.request).catch(() => caches.match(path)));
});

/* A push that was tried twice comes twice, under one key: people hear of it once. */
const TOLD = "floorcast-told", KEPT = 200;
const named = (key) => "/told/" + encodeURIComponent(key);
const heardBefore = async (key) => Boolean(await (await caches.open(TOLD)).match(named(key)));
const heard = async (key) => { /* only once it was shown: a push that failed here is shown when it comes again */
  const told = await caches.open(TOLD);
  await told.put(named(key), new Response(""));
  const names = await told.keys();
  await Promise.all(names.slice(0, Math.max(0, names.length - KEPT)).map((old) => told.delete(old)));
};

const show = async (said) => {
  const quiet = ["joined", "resolved", "expired"].includes(said.kind), tag = said.tag || "floorcast";
  const again = Boolean(said.key) && (await heardBefore(said.key));
  if (again && !(await self.registration.getNotifications({ tag })).length) return; /* seen, and put away */
  await self.registration.showNotification(said.title || "Floorcast", {
    body: said.body || "", tag, renotify: !quiet && !again, silent: quiet || again || !said.urgent,
    requireInteraction: Boolean(said.urgent) || said.kind === "joined", icon: "/static/icon-192.png", badge: "/static/icon-192.png",
    data: { url: said.url || "/staff", actions: said.actions || [], title: said.title || "Floorcast", tag },
    actions: (said.actions || []).slice(0, 2).map((a, i) => ({ action: String(i), title: a.title })),
  });
  if (said.key) await heard(said.key);
};
self.addEventListener("push", (event) => event.waitUntil(show(event.data ? event.data.json() : {})));

const own = (url) => {
  const asked = new URL(url, self.location.origin);
  return asked.origin === self.location.origin ? asked.href : null;
};

/* A button answers at once, with the link's own token, and says so in place; when it cannot, the page that asks opens. */
const answer = async (data, chosen) => {
  const url = own(chosen.url);
  try {
    if (url && (await fetch(url, { method: "POST" })).ok) {
      await self.registration.showNotification(data.title, {
        body: "\u2713 " + chosen.title, tag: data.tag, silent: true, icon: "/static/icon-192.png", data: { url: data.url },
      });
      return;
    }
  } catch (error) { /* no network: the page says so */ }
  await self.clients.openWindow(own(data.url) || "/staff");
};

/* A tap elsewhere opens the page that asks. */
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const data = event.notification.data, chosen = (data.actions || [])[Number(event.action)];
  event.waitUntil(event.action !== "" && chosen ? answer(data, chosen) : self.clients.openWindow(own(data.url) || "/staff"));
});

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

self.addEventListener("push", (event) => {
  const said = event.data ? event.data.json() : {};
  const over = said.kind === "resolved" || said.kind === "expired";
  event.waitUntil(self.registration.showNotification(said.title || "Floorcast", {
    body: said.body || "", tag: said.tag || "floorcast", renotify: !over, silent: over || !said.urgent,
    requireInteraction: Boolean(said.urgent), icon: "/static/icon-192.png", badge: "/static/icon-192.png",
    data: { url: said.url || "/staff" },
    actions: (said.actions || []).slice(0, 2).map((a, i) => ({ action: String(i), title: a.title })),
  }));
});

/* A tap opens the page that asks; nothing is answered without a look at it. */
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const asked = new URL(event.notification.data.url, self.location.origin);
  const url = asked.origin === self.location.origin ? asked.href : "/staff";
  event.waitUntil(self.clients.openWindow(url));
});

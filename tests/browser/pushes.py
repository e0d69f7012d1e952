"""A page's service worker, handed pushes as the browser's push service would, and watched showing them."""

from typing import Any

import msgspec
from playwright.sync_api import Page

from tests.ingest_process import wait_for

ACTIVE = "() => navigator.serviceWorker.getRegistration('/staff').then(r => r?.active?.state === 'activated')"
SHOWN = """() => navigator.serviceWorker.getRegistration('/staff').then(r => r.getNotifications())
  .then(all => all.map(n => ({title: n.title, body: n.body, tag: n.tag, silent: n.silent, url: n.data?.url})))"""
COUNT = """() => {
  const show = self.registration.showNotification.bind(self.registration);
  self.shows = 0;
  self.registration.showNotification = async (...said) => { await show(...said); self.shows += 1; };
}"""


class Receiver:
    """The service worker that a page registers, from when the page is there; ``ready`` once it is."""

    def __init__(self, page: Page, root: str) -> None:
        self.page, self._root = page, root
        self._registered: list[dict[str, Any]] = []
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: self._registered.extend(event["registrations"]),
        )
        self._devtools.send("ServiceWorker.enable")

    def ready(self) -> None:
        """Wait until it is active, and count from then on what it shows."""
        page = self.page
        page.wait_for_function(ACTIVE)
        wait_for(lambda: bool(page.evaluate("1") and self._registered), what="the worker")
        wait_for(
            lambda: bool(page.evaluate("1") and page.context.service_workers),
            what="the service worker",
        )
        self.worker = page.context.service_workers[0]
        self.worker.evaluate(COUNT)

    def receive(self, said: dict[str, Any]) -> None:
        """Hand it a push, and see that it was shown."""
        shows = self.shows()
        data = msgspec.json.encode(said).decode()
        registration = self._registered[0]["registrationId"]
        message = {"origin": self._root, "registrationId": registration, "data": data}
        self._devtools.send("ServiceWorker.deliverPushMessage", message)
        wait_for(lambda: self.shows() > shows, what="the notification")

    def shows(self) -> int:
        """How often it has shown one. Chromium drops a notification whose list is asked for while it comes."""
        count: int = self.worker.evaluate("self.shows")
        return count

    def shown(self) -> list[dict[str, Any]]:
        """The notifications that stand there."""
        found: list[dict[str, Any]] = self.page.evaluate(SHOWN)
        return found

"""A manager's browser, logged in."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.lookers import Looker
from tests.browser.sites import PASSWORD, Site

SIZES = [(1920, 1080), (1366, 768), (390, 844)]
EVERY_SIZE = [*SIZES, (3840, 2160)]
FITS = """() => document.documentElement.scrollWidth <= window.innerWidth + 1
  && [...document.querySelectorAll('.js-plotly-plot')].every(plot => {
    const drawn = plot.querySelector('.main-svg');
    return drawn && Math.abs(drawn.clientWidth - plot.clientWidth) < 2;
  })
  && (window.innerWidth > 600 || [...document.querySelectorAll('.ag-root-wrapper')].every(table => {
    const edge = table.getBoundingClientRect().right + 1;
    return [...table.querySelectorAll('.ag-header-cell')].every(head => head.getBoundingClientRect().right <= edge);
  }))"""
"""Nothing is wider than the window, once charts have followed its new width; on a phone no table than its place."""

WIDTHS = """() => JSON.stringify([window.innerWidth, document.documentElement.scrollWidth,
  ...[...document.querySelectorAll('.js-plotly-plot')].map(
    plot => [plot.parentElement.parentElement.id, plot.clientWidth, plot.querySelector('.main-svg')?.clientWidth]),
  ...[...document.querySelectorAll('.ag-header-cell')].map(
    head => [head.closest('[data-narrow]')?.id, head.textContent.trim(), head.getBoundingClientRect().right])])"""


CELLS = """([row, names]) => {
  const said = names.map(name => document.querySelector(`${row} [col-id=${name}]`)?.textContent);
  return said.every(Boolean) && said;
}"""


class Desk(Looker):
    """One page of a person's."""

    def says(self, where: str, text: str) -> None:
        """Wait until a part of the page says so: a page's parts are answered one by one."""
        self.page.locator(where).filter(has_text=text).first.wait_for()

    def cells(self, row: str, names: list[str]) -> list[str]:
        """What a table's row says, cell by cell, once all of these say something."""
        said = self.page.wait_for_function(CELLS, arg=[row, names])
        found: list[str] = said.json_value()
        return found

    def fits(self, name: str, sizes: list[tuple[int, int]] = SIZES) -> None:
        """The page stands at every size without overflow, a picture kept of each; then axe-core objects to nothing."""
        for width, height in sizes:
            self.resize(width, height)
            self.lay_out()
            self._wait_until_it_fits(name)
            self.shoot(f"{name}-{width}")
        self.resize(1920, 1080)
        self.lay_out()
        violations = self.violations()
        assert not violations, f"{name}: {violations}"

    def _wait_until_it_fits(self, name: str) -> None:
        try:
            self.page.wait_for_function(FITS)
        except PlaywrightTimeout:
            widths = self.page.evaluate(WIDTHS)
            raise AssertionError(f"{name} is wider than the window: {widths}") from None


@contextmanager
def at_a_desk(chromium: Browser, site: Site, who: str) -> Iterator[Desk]:
    """A page in the person's own profile, logged in anew; the profile keeps what it has loaded."""
    context = site.profiles.get(who)
    if context is None:
        window = {"width": 1920, "height": 1080}
        context = chromium.new_context(viewport=window, reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        site.profiles[who] = context
    desk = Desk(context.new_page(), site)
    try:
        answer = context.request.post(
            f"{desk.root}/login", form={"who": who, "password": PASSWORD}, max_redirects=0
        )
        assert answer.status == 303
        yield desk
    finally:
        desk.page.close()

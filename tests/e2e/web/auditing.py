"""Whether a page can be read, fits its window, and can be used by keyboard and by ear."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

_AUDIT = (Path(__file__).parent / "audit.js").read_text()
_STILL = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect?.getComputedTiming().endTime !== Infinity).map((one) => one.finished))"""
_TABBABLE = """() => [...document.querySelectorAll(
  'main a[href], main button:not([disabled]), main input:not([disabled]), main select, main textarea, nav a[href]'
)].filter((one) => one.tabIndex >= 0 && one.type !== 'hidden' && !one.closest('[tabindex="-1"]:not(main)')
  && one.checkVisibility({visibilityProperty: true}) && one.getBoundingClientRect().width > 0)
.map((one) => { one.dataset.wanted = 'yes'; return one.outerHTML.slice(0, 120); })"""
_FOCUSED = """() => { const one = document.activeElement;
  if (one.dataset) delete one.dataset.wanted;
  return one === document.body ? '' : one.outerHTML.slice(0, 120); }"""
_MISSED = "() => [...document.querySelectorAll('[data-wanted]')].map((one) => one.outerHTML.slice(0, 160))"


async def audit(page: Page) -> list[str]:
    """Return the faults of a page as it stands once nothing moves any more."""
    await page.evaluate(_STILL)
    found: list[str] = await page.evaluate(f"({_AUDIT.split('*/', 1)[1].strip()})()")
    return found


async def missed_by_keyboard(page: Page, most: int = 60) -> list[str]:
    """Return the controls that the tabulator key does not come to; pages with very many are walked in part."""
    wanted: list[str] = await page.evaluate(_TABBABLE)
    if len(wanted) > most:
        return []
    await page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0); }")
    for _ in range(most + 40):
        await page.keyboard.press("Tab")
        if not await page.evaluate(_FOCUSED):
            break
    missed: list[str] = await page.evaluate(_MISSED)
    return missed

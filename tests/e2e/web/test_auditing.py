"""The audit of pages finds what it should, and nothing in what is well."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.e2e.web.auditing import audit, missed_by_keyboard

pytestmark = pytest.mark.asyncio(loop_scope="session")
WELL = """<!doctype html><html lang="en"><body style="background:#fff;color:#222"><main><h1>All is well</h1>
<label for="a">Name</label><input id="a"><button>Go</button>
<button aria-label="Close"><i aria-hidden="true">x</i></button>
<a href="/x">there</a><img alt=""><div style="overflow-x:auto;width:200px"><div style="width:3000px">wide</div></div>
<span style="display:none;color:#fff">unseen</span><p style="color:#767676">just enough</p>
{more}</main></body></html>"""
FAULTS = {
    '<p style="color:#777">grey</p>': "contrast 4.48",
    '<p style="background:#000;opacity:.3"><b>faint</b></p>': "contrast",
    '<p style="font-size:24px;color:#999">large and pale</p>': "contrast 2.85",
    '<div style="background:rgba(0,0,0,.9)"><p>dark on dark</p></div>': "contrast",
    '<div style="width:3000px">wide</div>': "overflow: 30",
    '<input placeholder="no label">': "no label",
    '<input type="checkbox">': "no label",
    "<button><i aria-hidden='true'>delete</i></button>": "no name",
    '<a href="/"><img alt="" style="display:block;width:20px;height:20px"></a>': "no name",
    "<div role='main'>another</div>": "2 main parts",
    "<h1>A second</h1>": "2 headings of level 1",
    '<img src="data:,">': "a picture without words",
    "<canvas></canvas>": "a picture without words",
    '<p id="a">again</p>': "ids used twice: a",
}


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with await browser.new_page() as page:
        yield page


async def test_nothing_is_found_where_all_is_well(page: Page) -> None:
    await page.set_content(WELL.format(more='<p style="font-size:24px;color:#949494">large</p>'))
    assert await audit(page) == []
    assert await missed_by_keyboard(page) == []


async def test_each_fault_is_found(page: Page) -> None:
    for html, words in FAULTS.items():
        await page.set_content(WELL.format(more=html))
        found = await audit(page)
        assert len(found) == 1, (html, found)
        assert found[0].startswith(words), (html, found)


async def test_what_the_keyboard_does_not_come_to_is_found(page: Page) -> None:
    trap = '<input aria-label="trap" onkeydown="event.preventDefault()"><button>behind</button>'
    await page.set_content(WELL.format(more=trap))
    assert [one for one in await missed_by_keyboard(page) if "behind" in one]

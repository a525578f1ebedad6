"""What a screen reader and weak eyes need of the report, checked on the rendered page."""

from __future__ import annotations

from itertools import pairwise

import pytest

pytestmark = pytest.mark.browser

NAMELESS = """() => [...document.querySelectorAll(
  'a, button, input, select, summary, [role=img], [role=listbox], [role=option], [role=region], [tabindex="0"]')]
  .filter((e) => e.checkVisibility())
  .filter((e) => {
    const ids = (e.getAttribute('aria-labelledby') ?? '').split(' ');
    const by = ids.map((id) => document.getElementById(id)?.textContent ?? '');
    const label = e.labels ? [...e.labels].map((l) => l.innerText).join('') : '';
    return !(e.getAttribute('aria-label') || by.join('').trim() || label.trim() || e.innerText?.trim());
  }).map((e) => e.outerHTML.slice(0, 120))"""

LOW_CONTRAST = """() => {
  const parse = (c) => {
    const n = c.match(/[\\d.]+/g).map(Number);
    return c.startsWith('color(') ? [n[0] * 255, n[1] * 255, n[2] * 255, n[3] ?? 1] : [n[0], n[1], n[2], n[3] ?? 1];
  };
  const lum = ([r, g, b]) => {
    const f = (v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] > 0.99) return c;
    }
    return [255, 255, 255, 1];
  };
  const found = [];
  for (const e of document.querySelectorAll('body *:not(svg *):not(script):not(style)')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility()) continue;
    const [a, b] = [lum(parse(getComputedStyle(e).color)), lum(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
  }
  return found;
}"""


@pytest.fixture
def page(open_page, address):
    page = open_page(address)
    page.click("#list [role=option]")
    page.wait_for_selector("#path article")
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    return page


def test_every_control_has_a_name(page):
    assert page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(page, scheme):
    page.emulate_media(color_scheme=scheme)
    assert page.evaluate(LOW_CONTRAST) == []


def test_tables_have_captions_and_scopes(page):
    for table in page.locator("table").all():
        assert table.locator("caption").inner_text().strip()
        assert table.locator("th:not([scope])").count() == 0


def test_plots_have_titles_and_descriptions(page):
    plots = page.locator("#plots svg[role=img]")
    assert plots.count() >= 4
    for plot in plots.all():
        described = [page.locator(f"[id='{key}']").text_content() for key in plot.get_attribute("aria-labelledby").split()]
        assert len(described) == 2
        assert all(text.strip() for text in described)


def test_landmarks_headings_and_ids_are_in_order(page):
    assert page.locator("main").count() == 1
    assert page.locator("nav[aria-label]").count() == 1
    assert page.get_attribute("html", "lang") == "en"
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_focus_can_be_seen(page):
    page.keyboard.press("Tab")
    page.focus("#theme")
    page.keyboard.press("Shift+Tab")
    style = page.evaluate(
        "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth] })()"
    )
    assert style == ["solid", "3px"]

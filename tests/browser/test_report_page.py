"""The HTML report in Chromium: it opens, sorts, filters, shows every path, and asks for nothing from outside."""

from __future__ import annotations

import pytest

from tests.browser.pages import STEMS, two_strategies, write

pytestmark = pytest.mark.browser


def count(page):
    return page.inner_text("#count")


def test_opens_from_a_file_without_a_complaint_and_asks_for_nothing_else(open_page, address):
    page = open_page(address)
    page.click("#list [role=option]")
    page.wait_for_selector("#path h3")
    assert page.title() == "CLARA parity report"
    assert page.locator(".card h3").all_inner_texts() == ["direct", "clara"]
    assert open_page.complaints == []
    assert open_page.requests == [address]


def test_its_policy_forbids_requests(open_page, address):
    page = open_page(address)
    refused = page.evaluate(
        "fetch('http://127.0.0.1:9/x').then(() => 'sent', (e) => String(e))",
    )
    assert "Failed to fetch" in refused
    assert any("Content Security Policy" in complaint for complaint in open_page.complaints)


def test_shows_figures_and_plots_without_javascript(open_page, address):
    page = open_page(address, ready=False, java_script_enabled=False)
    assert "97.2" in page.inner_text("#parity")  # 35 of 36
    assert page.locator("#plots svg[role=img]").count() >= 4
    assert "needs JavaScript" in page.inner_text("#questions")


def test_a_heading_sorts_by_its_column_and_again_the_other_way(open_page, address):
    page = open_page(address)
    first = page.locator("#parity tbody th")
    button = page.locator("#parity thead button", has_text="hindi")
    button.click()
    assert first.all_inner_texts() == ["clara", "direct"]
    assert page.locator("#parity thead th[aria-sort=descending]").inner_text().startswith("hindi")
    button.focus()
    page.keyboard.press("Enter")
    assert first.all_inner_texts() == ["direct", "clara"]
    assert page.locator("#parity thead th[aria-sort]").count() == 1


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda page: page.select_option("#f-show", "wrong"), "1 of 12 questions"),
        (lambda page: page.select_option("#f-show", "everywhere"), "0 of 12 questions"),
        (lambda page: page.check("#f-disagree"), "1 of 12 questions"),
        (lambda page: page.check("#f-differ"), "11 of 12 questions"),
        (lambda page: page.check("#f-flagged"), "1 of 12 questions"),
        (lambda page: page.fill("#f-text", "कॉर्निया"), "12 of 12 questions"),
        (lambda page: page.fill("#f-text", "LENS"), "6 of 12 questions"),
        (lambda page: page.fill("#f-text", "(7)"), "1 of 12 questions"),
        (lambda page: page.fill("#f-text", "no such words"), "0 of 12 questions"),
    ],
)
def test_filters_leave_what_they_name(open_page, address, act, expected):
    page = open_page(address)
    assert count(page) == "12 of 12 questions"
    act(page)
    page.wait_for_selector(f"#count:text-is('{expected}')")
    page.click("button[type=reset]")
    page.wait_for_selector("#count:text-is('12 of 12 questions')")


def test_filters_follow_the_run_and_the_language(open_page, address):
    page = open_page(address)
    page.select_option("#f-run", label="direct")
    page.select_option("#f-show", "wrong")
    page.wait_for_selector("#count:text-is('11 of 12 questions')")
    page.select_option("#f-language", label="spanish")
    page.wait_for_selector("#count:text-is('6 of 12 questions')")
    page.select_option("#f-language", label="english")
    page.wait_for_selector("#count:text-is('0 of 12 questions')")


def test_a_question_shows_its_whole_path_in_every_language_side_by_side(open_page, address):
    page = open_page(address)
    page.locator("#list [role=option]").nth(2).click()
    page.wait_for_selector("#path h3:has-text('Question 3')")
    columns = page.locator("#path article")
    assert columns.count() == 3
    tops = {round(columns.nth(n).bounding_box()["y"]) for n in range(3)}
    assert len(tops) == 1
    page.check("#path label:has-text('unfold every step') input")
    for number, stem in enumerate(STEMS.values()):
        text = columns.nth(number).inner_text()
        for part in (stem, "Which corneal layer is thickest?", "number_lost", "Clear window.", "corneal layers", "cornea#1",
                     "Option", "the quote says so", "The stroma is 90 %", "7 calls, 900 + 80 tokens"):  # fmt: skip
            assert part in text, (number, part)
    assert columns.nth(2).locator(".badge").inner_text() == "wrong C"
    assert columns.nth(2).locator("[lang=hi]").count() >= 1


def test_runs_and_languages_can_be_put_side_by_side(open_page, address):
    page = open_page(address)
    page.locator("#list [role=option]").first.click()
    page.wait_for_selector("#path article")
    page.check("#path label:has-text('direct') input")
    page.locator("#path article").nth(5).wait_for()
    assert page.locator("#path h4").first.inner_text().startswith("english · direct")
    page.uncheck("#path label:has-text('hindi') input")
    page.locator("#path article").nth(4).wait_for(state="detached")
    assert page.locator("#path article").count() == 4
    assert page.evaluate("document.activeElement.closest('label').innerText").strip() == "hindi"


def test_flagged_questions_say_what_the_audit_found(open_page, address):
    page = open_page(address)
    page.check("#f-flagged")
    page.wait_for_selector("#count:text-is('1 of 12 questions')")
    page.click("#list [role=option]")
    page.wait_for_selector("#path .note:has-text('Audit: spanish: missing options')")


def press_until(page, condition, key="Tab", most=15):
    for _ in range(most):
        if page.evaluate(condition):
            return
        page.keyboard.press(key)
    pytest.fail(f"{condition} is not true after {key} was pressed {most} times")


def test_the_keyboard_alone_reaches_a_path(open_page, address):
    page = open_page(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Shift+Tab")
    press_until(page, "document.activeElement.hash === '#questions'", "Shift+Tab")
    page.keyboard.press("Enter")
    press_until(page, "document.activeElement.id === 'list'")
    page.keyboard.press("End")
    page.wait_for_selector("#path h3:has-text('Question 12')")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector("#path h3:has-text('Question 11')")
    chosen = page.get_attribute("#list", "aria-activedescendant")
    assert page.get_attribute(f"#{chosen}", "aria-selected") == "true"
    assert page.get_attribute(f"#{chosen}", "aria-setsize") == "12"


def test_only_rows_in_sight_are_drawn(open_page, tmp_path):
    page = open_page(write(tmp_path / "many.html", two_strategies(400)))
    assert count(page) == "400 of 400 questions"
    assert page.locator("#list [role=option]").count() < 60
    page.evaluate("document.getElementById('list').scrollTop = 1e9")
    page.wait_for_selector("#list [role=option][aria-posinset='400']")
    assert page.locator("#list [role=option]").count() < 60
    page.locator("#list [role=option]").last.click()
    page.wait_for_selector("#path h3:has-text('Question 400')")


def test_dark_and_light_follow_the_system_and_the_button(open_page, address):
    background = "getComputedStyle(document.body).backgroundColor"
    light, dark = open_page(address, color_scheme="light"), open_page(address, color_scheme="dark")
    assert light.evaluate(background) != dark.evaluate(background)
    dark.click("#theme")
    assert dark.inner_text("#theme") == "Theme: light"
    assert dark.evaluate(background) == light.evaluate(background)
    dark.reload()
    dark.wait_for_selector("html[data-ready]", state="attached")
    assert dark.inner_text("#theme") == "Theme: light"
    dark.click("#theme")
    assert dark.inner_text("#theme") == "Theme: dark"


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_nothing_sticks_out_at_any_width(open_page, address, width):
    page = open_page(address, viewport={"width": width, "height": 800})
    page.click("#list [role=option]")
    page.wait_for_selector("#path article")
    assert page.evaluate("document.documentElement.scrollWidth") <= width

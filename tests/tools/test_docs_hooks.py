"""The documentation's pages show no markup of docstrings."""

from __future__ import annotations

from tools.docs_hooks import on_page_content


def test_a_role_before_code_is_not_shown_and_other_text_stays() -> None:
    assert on_page_content("<p>see :class:<code>Settings</code>: at :func: once</p>") == (
        "<p>see <code>Settings</code>: at :func: once</p>"
    )

"""What a prompt may use of Jinja, and the errors of one that uses more."""

from __future__ import annotations

import pytest

from clara.tasks.templates import compiled, filled_in, placeholders


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Answer in {{ language }}.", {"language"}),
        ("{% for passage in passages %}{{ loop.index }}. {{ passage.title }}{% endfor %}", {"passages"}),
        ("{% if terms %}{{ terms | join(', ') }}{% else %}{{ stem }}{% endif %}", {"terms", "stem"}),
        ("Nothing from outside.", set[str]()),
    ],
)
def test_the_names_that_come_from_outside_are_found(text: str, names: set[str]) -> None:
    assert placeholders(text) == names


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{% for a in x %}{% for b in a %}{{ b }}{% endfor %}{% endfor %}", "a loop inside a loop"),
        ("{% for a in range(9) %}{{ a }}{% endfor %}", "a loop over anything but a list"),
        ("{% for a in x recursive %}{{ a }}{% endfor %}", "a loop over anything but a list"),
        ("{{ x | attr('y') }}", "the filter attr"),
        ("{{ x.__class__ }}", "the attribute __class__"),
        ("{{ x * 9 }}", "mul"),
        ("{% set y = x %}", "assign"),
    ],
)
def test_what_could_multiply_work_or_reach_out_is_refused_with_its_line(text: str, what: str) -> None:
    with pytest.raises(ValueError, match="line 2: a prompt may not use") as refused:
        placeholders(f"first line\n{text}")
    assert what in str(refused.value)


def test_a_text_that_is_no_template_is_refused() -> None:
    with pytest.raises(ValueError, match="unexpected"):
        placeholders("{{ }")


def test_nesting_without_end_is_refused() -> None:
    deep = "{% if x %}" * 3000 + "{% endif %}" * 3000
    with pytest.raises(ValueError, match="nested too deep"):
        placeholders(deep)


def test_a_missing_value_is_an_error_and_not_an_empty_text() -> None:
    template = compiled("Answer in {{ language }}.")
    assert filled_in(template, {"language": "Hindi"}) == "Answer in Hindi."
    with pytest.raises(ValueError, match="language"):
        filled_in(template, {})

"""The part of Jinja's language that a prompt may use: what it shows, loops over lists, conditions, and plain filters.

A folder of prompts may come from somebody else. Jinja's sandbox keeps a template from the program around it, but not from
working without end: two loops of ``range(99999)``, one in the other, take days. So a template is read before it is used, and
what could multiply work (a loop in a loop, calls, macros, assignments, products) is refused. What is left takes time in
proportion to the text that it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

_LOGIC = (nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.CondExpr, nodes.If, nodes.Test)
_VALUES = (
    nodes.Add, nodes.Concat, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Keyword, nodes.List, nodes.Name, nodes.Neg,
    nodes.Pos, nodes.Slice, nodes.Sub, nodes.Tuple,
)  # fmt: skip
_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.Filter, *_LOGIC, *_VALUES)
_FILTERS = frozenset(
    "abs capitalize count d default first float int join last length list lower round sort string title trim unique upper "
    "wordcount".split()
)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.clear()
    return environment


_ENVIRONMENT = _environment()


def placeholders(text: str) -> set[str]:
    """The names that a template takes from outside.

    Raises:
        ValueError: the text is no template, or uses what a prompt may not; the message says what, and in which line.
    """
    try:
        tree = _ENVIRONMENT.parse(text)
        _check(tree)
        return meta.find_undeclared_variables(tree)
    except TemplateError as error:
        raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def compiled(text: str) -> Template:
    """The template. Raises: ValueError, where Jinja refuses it."""
    try:
        return _ENVIRONMENT.from_string(text)
    except TemplateError as error:
        raise ValueError(str(error)) from None
    except (RecursionError, SyntaxError):  # Python's, of the code that Jinja makes: too many blocks in one another
        raise ValueError("it is nested too deep") from None


def filled_in(template: Template, values: Mapping[str, Any]) -> str:
    """The text of a template with these values.

    Raises:
        ValueError: it cannot be filled in with them; the message says why.
    """
    try:
        return template.render(values).strip()
    except Exception as error:  # noqa: BLE001 - an expression of a template may raise anything
        raise ValueError(f"{error}" or type(error).__name__) from None


def _check(tree: nodes.Template) -> None:
    for node, loops in _walk(tree, 0):
        problem = _problem(node, loops)
        if problem:
            raise ValueError(f"line {node.lineno}: a prompt may not use {problem}")


def _walk(node: nodes.Node, loops: int) -> Iterator[tuple[nodes.Node, int]]:
    """A node and all below it, each with the number of loops around it."""
    yield node, loops
    within = loops + isinstance(node, nodes.For)
    for child in node.iter_child_nodes():
        yield from _walk(child, within)


def _problem(node: nodes.Node, loops: int) -> str:
    if not isinstance(node, _ALLOWED):
        return f"{type(node).__name__.lower()}; it may show values, loop over lists, and use conditions and filters"
    if isinstance(node, nodes.For):
        if loops:
            return "a loop inside a loop"
        if node.recursive or not isinstance(node.iter, nodes.Name | nodes.Getattr):
            return "a loop over anything but a list that it is given"
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        return f"the filter {node.name}; there are {', '.join(sorted(_FILTERS))}"
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        return f"the attribute {node.attr}"
    return ""

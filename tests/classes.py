"""What one class declares and inherits, read with `ast`, for the rules of the house."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def declared_in_body(node: ast.ClassDef) -> Iterator[tuple[int, str]]:
    if not node.bases and not node.decorator_list:
        for item in node.body:
            if isinstance(item, ast.AnnAssign) and item.value is None:
                yield item.lineno, ast.unparse(item.target)


def call_backs_of_nobody(node: ast.ClassDef) -> Iterator[tuple[int, str]]:
    """Attributes of type Callable that begin as None and that no method of their own class sets."""
    stored = [
        item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute) and isinstance(item.ctx, ast.Store)
    ]
    for item in ast.walk(node):
        if isinstance(item, ast.AnnAssign) and isinstance(item.value, ast.Constant) and item.value.value is None:
            attribute = ast.unparse(item.target).removeprefix("self.")
            if "Callable" in ast.unparse(item.annotation) and stored.count(attribute) <= 1:
                yield item.lineno, attribute


def last_name(base: ast.expr) -> str:
    """`Base` of `Base`, `Base[int]`, `module.Base`."""
    while isinstance(base, ast.Subscript):
        base = base.value
    return base.attr if isinstance(base, ast.Attribute) else ast.unparse(base)


def has_methods(node: ast.ClassDef) -> bool:
    return any(isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) for item in node.body)


def is_meant_as_a_base(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> bool:
    """An exception, a class that adapts a library's, or one with a method that somebody else must write."""
    for base in node.bases:
        text = ast.unparse(base)
        if "." in text or text.endswith(("Exception", "Error")) or text.partition("[")[0] in ("Protocol", "ABC"):
            return True
        if text in classes and is_meant_as_a_base(classes[text], classes):
            return True
    return any(
        isinstance(item, ast.FunctionDef) and ast.unparse(item.body[-1]) == "raise NotImplementedError"
        for item in node.body
    )

"""What an error says, read from the source of its constructor: message and hint with names in place of values; pure.

An expression that cannot be told in a word or two becomes ``{...}``; it is better to say little than to say it wrong.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from pierhead.kit.errors import AppError

UNKNOWN = "{...}"
_GENERAL = {"AppError", "RegistryError", "RateLimitedError"}


@dataclass(frozen=True, slots=True)
class Texts:
    message: str = ""
    hint: str = ""


def texts_of(error: type[AppError]) -> Texts:
    """Empty where whoever raises the error brings the text."""
    owner = next((each for each in error.__mro__ if "__init__" in vars(each)), AppError)
    if owner.__name__ in _GENERAL or owner.__module__ == "builtins":
        return Texts()
    tree = ast.parse(textwrap.dedent(inspect.getsource(vars(owner)["__init__"])))
    call = next((node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_init(node)), None)
    if call is None:
        return Texts()
    known = _assigned(tree)
    given = [node for node in call.args if not (isinstance(node, ast.Name) and node.id == "self")]
    hint = next((word.value for word in call.keywords if word.arg == "hint"), None)
    return Texts(_said(given[0], known) if given else "", _said(hint, known) if hint else "")


def _said(node: ast.expr, known: Mapping[str, list[ast.expr]]) -> str:
    """Nothing where all of the text is brought by whoever raises the error."""
    text = _text(node, known)
    return "" if re.fullmatch(r"\{[^{}]*\}", text) else text


def _is_init(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"


def _assigned(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """Local names, with each value they may get."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def _text(node: ast.expr, known: Mapping[str, list[ast.expr]]) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, known) for part in parts)
        case ast.FormattedValue(value=value):
            return _text(value, known)
        case ast.IfExp(body=one, orelse=other):
            return _either(_text(one, known), _text(other, known))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left, known) + _text(right, known)
        case ast.BoolOp(op=ast.Or(), values=values):
            return _text(values[0], known)
        case ast.Name(id=name) if name in known:
            others = {key: values for key, values in known.items() if key != name}
            return " / ".join(_text(value, others) for value in known[name])
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _placeholder(name)
        case ast.Subscript(value=value):
            return _text(value, known)
    return _call(node, known)


def _call(node: ast.expr, known: Mapping[str, list[ast.expr]]) -> str:
    """``len(errors)``, ``", ".join(names)``, ``reason.strip()``: the first plain name in it stands for the whole."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Dict(values=choices), attr="get"), args=[_, *default]):
            return " / ".join(_text(choice, known) for choice in [*choices, *default])
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name) and each.id not in ("len", "str", "sorted")]
    return _text(names[0], known) if names else UNKNOWN


def _placeholder(name: str) -> str:
    words = {"__name__": "kind of exception"}
    return "{" + words.get(name, name.strip("_").lower().replace("_", " ")) + "}"


def _either(one: str, other: str) -> str:
    if one and other:
        return f"{one} / {other}"
    return f"[{one or other}]"

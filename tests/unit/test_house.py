"""Rules of the house that no linter holds: features are used through their front door, and stay small."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pierhead

ROOT = Path(pierhead.__file__).parent
FORBIDDEN_ENDINGS = ("Manager", "Helper", "Handler", "Util", "Utils", "Base", "Impl", "DTO", "Exception")
# One family of errors reads better in one file than in three.
LONG_FILES = {"registry/errors.py"}
# Named by the library they plug into.
# The last two are no errors: what an operator lets through a gate.
ALLOWED_NAMES = {"_Handler", "RegistryRequestHandler", "GateException", "AppliedException"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT), ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_a_feature_is_imported_by_others_through_its_front_door_only() -> None:
    through_a_window = []
    for path, tree in modules():
        own = f"pierhead.control.{path.parts[1]}" if path.parts[0] == "control" and len(path.parts) > 2 else None
        for name in imported(tree):
            parts = name.split(".")
            if parts[:2] == ["pierhead", "control"] and len(parts) > 3 and ".".join(parts[:3]) != own:
                through_a_window.append(f"{path}: {name}")
    assert through_a_window == []


def test_no_file_has_more_than_three_hundred_lines() -> None:
    long = {path.as_posix() for path, _ in modules() if len((ROOT / path).read_text().splitlines()) > 300}
    assert long == LONG_FILES


def test_no_function_has_more_than_forty_lines() -> None:
    long = []
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                lines = node.end_lineno - node.lineno + 1
                if lines > 40:
                    long.append(f"{path}:{node.lineno} {node.name} ({lines})")
    assert long == []


def test_exceptions_end_in_error_and_no_class_is_named_by_its_pattern() -> None:
    misnamed = []
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name not in ALLOWED_NAMES:
                raised = any(isinstance(base, ast.Name) and base.id.endswith("Error") for base in node.bases)
                if node.name.endswith(FORBIDDEN_ENDINGS) or (raised and not node.name.endswith("Error")):
                    misnamed.append(f"{path}: {node.name}")
    assert misnamed == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path) for path, tree in modules() if not ast.get_docstring(tree) and (ROOT / path).stat().st_size]
    assert silent == []


def test_nobody_follows_redirects_or_reads_proxies_behind_our_back() -> None:
    """The registry client follows redirects itself, hop by hop; no library may do it for us."""
    words = ("follow_redirects", "allow_redirects", "getproxies", "urlopen", "netrc")
    found = [f"{path}: {word}" for path, _ in modules() for word in words if word in _without_refusals(path)]
    assert found == []


def _without_refusals(path: Path) -> str:
    return (ROOT / path).read_text().replace("allow_redirects=False", "")

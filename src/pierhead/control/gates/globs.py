"""Globs over image names: ``*`` and ``?`` stay within a path part, ``**`` crosses them; pure.

Matching takes time in proportion to pattern and text, whatever both say: patterns come from users, names from
registries.
"""

MAX_GLOB_CHARS = 300
_ANY, _PART, _ONE = "**", "*", "?"


def fault_of_glob(glob: str) -> str | None:
    """What is wrong with a pattern in words, None when it may be used."""
    if not glob:
        return "is empty"
    if len(glob) > MAX_GLOB_CHARS:
        return f"is longer than {MAX_GLOB_CHARS} characters"
    if not all("!" <= character <= "~" for character in glob):
        return "has a character that no image name can have"
    return None


def matches(glob: str, text: str) -> bool:
    """Whether all of ``text`` is what ``glob`` describes; letters in the same case."""
    reached = {0}  # positions in ``text`` up to which the pattern read so far can match
    for piece in _pieces(glob):
        reached = _after(piece, text, reached)
        if not reached:
            return False
    return len(text) in reached


def _pieces(glob: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(glob):
        size = 2 if glob.startswith(_ANY, at) else 1
        found.append(glob[at : at + size])
        at += size
    return found


def _after(piece: str, text: str, reached: set[int]) -> set[int]:
    if piece == _ANY:
        return set(range(min(reached), len(text) + 1))
    if piece == _PART:
        return _within_part(text, reached)
    ends = {at + 1 for at in reached if at < len(text)}
    if piece == _ONE:
        return {end for end in ends if text[end - 1] != "/"}
    return {end for end in ends if text[end - 1] == piece}


def _within_part(text: str, reached: set[int]) -> set[int]:
    found = set(reached)
    for at in range(min(reached), len(text)):
        if at in found and text[at] != "/":
            found.add(at + 1)
    return found

"""Names that people typed and names of files, as they are shown."""

from __future__ import annotations

from collections.abc import Iterable


def printable(text: str) -> str:
    """``text`` with everything that is not printed escaped as in Python's string literals.

    A file's name may hold control characters, which make a terminal do things, line ends, which
    forge a line of their own, or marks that turn the direction of writing round.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`` Did you mean …?`` with the known name nearest to a mistyped one, or nothing."""
    import difflib  # quick, but not needed when all is well

    near = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""

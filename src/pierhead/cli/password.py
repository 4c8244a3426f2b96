"""Passwords are typed at a terminal or come on standard input, a line each; never as an argument, which all can see."""

import sys

import click

from .errors import UsageError


def ask_password(question: str, from_stdin: bool, *, is_new: bool = False, option: str = "--from-stdin") -> str:
    """``is_new``: it has to be typed twice. Raises UsageError where there is none and nobody to ask."""
    if from_stdin:
        text = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
        if not text:
            raise UsageError("standard input has no password on its line")
        return text
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for a password on", hint=f"say {option}")
    answer: str = click.prompt(question, hide_input=True, confirmation_prompt=is_new, err=True)
    return answer

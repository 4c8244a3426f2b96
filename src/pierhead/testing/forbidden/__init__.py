"""Attempts to make the product connect to where it must not, in a network of their own.

``python -m pierhead.testing.forbidden`` is started by ``unshare`` and prints what came of its attempts.
"""

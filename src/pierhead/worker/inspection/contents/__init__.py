"""Readers of what images are made of, for a process of their own: no network, no files, no credentials, little memory.

Nothing here imports more than the standard library and the kit: what is not loaded cannot be taken over.
"""

"""What a program that holds secrets asks of its own process."""

import os
import resource


def keep_private() -> None:
    """No core dump, which would hold every secret in memory, and files that only this user can read."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)

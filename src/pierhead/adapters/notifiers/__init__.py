"""Ways by which notices leave the server."""

from .webhook import HttpWebhooks

__all__ = ["HttpWebhooks"]

"""Stores of others that secrets are read from, and the file in which whoever runs the server names them."""

from .configuration import SecretManagersFileError, read_secret_managers

__all__ = ["SecretManagersFileError", "read_secret_managers"]

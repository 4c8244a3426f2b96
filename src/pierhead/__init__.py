"""Pierhead decides, proves and delivers the container images that a CI platform runs on."""

__version__ = "0.1.0"

"""The HTTP API: the reference's wire format at its paths, and Pierhead's own below ``/pierhead/v1``."""

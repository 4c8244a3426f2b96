"""How registries ask who we are, and the one place where credentials meet a request."""

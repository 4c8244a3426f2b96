"""Finders of known vulnerabilities: our own over an imported OSV database, and trivy where it is installed."""

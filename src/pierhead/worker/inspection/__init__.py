"""What gates want to know about an image, found out: documents, signatures, SBOMs, packages. ``run.inspect`` begins."""

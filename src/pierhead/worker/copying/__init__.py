"""Images from registry to registry, streamed, byte for byte, resumable."""

from .copy import copy_images
from .progress import CopyProgress, CopyState
from .request import CopyRequest, IndexMode

__all__ = ["CopyProgress", "CopyRequest", "CopyState", "IndexMode", "copy_images"]

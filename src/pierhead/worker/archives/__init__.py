"""Images and their evidence in one tar file in the OCI image layout: from registries, and into registries."""

from .load import loads_of
from .lock import lock_document, lock_entry
from .reader import Archive
from .save import Saved, save_images

__all__ = ["Archive", "Saved", "loads_of", "lock_document", "lock_entry", "save_images"]

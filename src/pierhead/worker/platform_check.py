"""Whether a pulled image is for the platform it was pulled for, as its own config says; a warning, never a failure."""

from pierhead.kit.errors import AppError
from pierhead.oci.image_config import ImageConfig
from pierhead.oci.media_types import IMAGE_CONFIGS
from pierhead.oci.platform import Platform

from .image_plan import ImagePlan
from .runtimes.blob_store import BlobStore


def platform_warnings(store: BlobStore, plan: ImagePlan, name: str, wanted: Platform | None) -> list[str]:
    """Looks at the one manifest that was chosen; configs of artifacts that are no images say nothing of platforms."""
    if wanted is None or len(plan.manifests) != 1 or plan.manifests[0].config.media_type not in IMAGE_CONFIGS:
        return []
    try:
        raw = store.find(plan.manifests[0].config.digest)
        found = None if raw is None else ImageConfig.parse(raw).platform
    except (AppError, OSError) as error:
        return [f"{name}: its config cannot be read: {getattr(error, 'message', error)}"]
    if found is not None and not found.satisfies(wanted):
        return [f"{name} is built for {found}, not for {wanted}"]
    return []

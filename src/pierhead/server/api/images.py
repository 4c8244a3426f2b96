"""The CI's own images as one table: what each is for, its default, the account's pin, and which of the two is used."""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.catalogue import CatalogueField, Infra, Pin, VersionSource
from pierhead.server.auth import OwnCall, own_caller

from .answers import Answer, answer
from .late_routes import LateRouter
from .params import infra_of
from .wire.images import ImageFieldInfo, ImagesInfo, ScannerInfo

router = LateRouter(prefix="/pierhead/v1/images", tags=["images"], dependencies=[Depends(own_caller)])


def _infra(infra: Annotated[str, Query(description="K8 or VM, in any case")] = "K8") -> Infra:
    return infra_of(infra)


@router.get("", operation_id="listImages")
def list_all(call: OwnCall, infra: Annotated[Infra, Depends(_infra)]) -> Answer[ImagesInfo]:
    """Image fields of one infrastructure, and the scanners' images, which have no fields."""
    service = call.app.catalogue
    defaults = service.default_config(infra)
    pins = {pin.field: pin for pin in service.pins(call.account, infra)}
    fields = service.catalogue.fields_of(infra)
    line = service.line
    rows = [_row(field, defaults.get(field.name), pins.get(field.name), line) for field in fields]
    scanners = [
        ScannerInfo(name=scanner.name, image=scanner.image, purpose=scanner.purpose)
        for scanner in service.catalogue.scanners.values()
    ]
    return answer(call, ImagesInfo(infra=infra, images=rows, scanners=scanners))


def _row(field: CatalogueField, default: str | None, pin: Pin | None, line: str) -> ImageFieldInfo:
    return ImageFieldInfo(
        field=field.name,
        purpose=field.purpose,
        default=default,
        default_line=line if default else None,
        pinned=pin.value if pin else None,
        effective=pin.value if pin else default,
        source=VersionSource.PIN if pin else VersionSource.DEFAULT if default else None,
    )

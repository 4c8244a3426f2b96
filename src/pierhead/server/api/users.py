"""People: list, invite, change, disable."""

from fastapi import APIRouter

router = APIRouter()

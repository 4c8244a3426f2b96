"""May somebody do something? Many checks in one call (harness-api §6.3)."""

from fastapi import APIRouter

router = APIRouter()

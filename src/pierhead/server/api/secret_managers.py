"""The secret managers that this server knows."""

from fastapi import APIRouter

router = APIRouter()

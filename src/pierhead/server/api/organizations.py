"""Organizations and projects over HTTP, as the reference's clients know them."""

from fastapi import APIRouter

router = APIRouter()

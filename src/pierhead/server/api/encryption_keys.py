"""The keys that secrets are encrypted with: which there are, and going over to the newest."""

from fastapi import APIRouter

router = APIRouter()

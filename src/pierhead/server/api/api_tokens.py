"""The tokens in API keys over HTTP: create, rotate, delete (harness-api §6.3)."""

from fastapi import APIRouter

router = APIRouter()

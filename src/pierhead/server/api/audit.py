"""The audit trail over HTTP (harness-api §6.5)."""

from fastapi import APIRouter

router = APIRouter()

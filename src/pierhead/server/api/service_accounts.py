"""Service accounts over HTTP (harness-api §6.3)."""

from fastapi import APIRouter

router = APIRouter()

"""Secrets as YAML documents (harness-api §2.1)."""

from fastapi import APIRouter

router = APIRouter()

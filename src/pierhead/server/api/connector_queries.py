"""Connectors by full name, counted, and the values of form fields (harness-api §1.1)."""

from fastapi import APIRouter

router = APIRouter()

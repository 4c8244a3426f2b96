"""Who refers to what (harness-api §1.1)."""

from fastapi import APIRouter

router = APIRouter()

"""Saved filters."""

from fastapi import APIRouter

router = APIRouter()

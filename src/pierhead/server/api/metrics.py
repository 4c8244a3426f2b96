"""Figures for Prometheus."""

from fastapi import APIRouter

router = APIRouter()

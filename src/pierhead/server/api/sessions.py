"""Logging in and out, by password or by an OIDC provider."""

from fastapi import APIRouter

router = APIRouter()

"""The kinds of things that live in a scope, by the words that permissions, audit and clients use (harness-api §6)."""

from enum import StrEnum


class ResourceType(StrEnum):
    __hash__ = str.__hash__  # the enum's own is slower by far, and every authorisation check looks one up

    ACCOUNT = "ACCOUNT"
    ORGANIZATION = "ORGANIZATION"
    PROJECT = "PROJECT"
    CONNECTOR = "CONNECTOR"
    SECRET = "SECRET"  # noqa: S105 - a kind of thing
    DELEGATE = "DELEGATE"
    DELEGATE_GROUPS = "DELEGATE_GROUPS"
    DELEGATE_TOKEN = "DELEGATE_TOKEN"  # noqa: S105 - a kind of thing
    PIPELINE = "PIPELINE"
    USER = "USER"
    SERVICE_ACCOUNT = "SERVICEACCOUNT"
    API_KEY = "API_KEY"
    TOKEN = "TOKEN"  # noqa: S105 - a kind of thing
    ROLE = "ROLE"
    ROLE_ASSIGNMENT = "ROLE_ASSIGNMENT"
    RESOURCE_GROUP = "RESOURCEGROUP"
    AUDIT = "AUDIT"
    SETTING = "SETTING"
    FILTER = "FILTER"
    TASK = "TASK"
    WATCH = "WATCH"
    SUBSCRIPTION = "SUBSCRIPTION"
    MIRROR = "MIRROR"
    GATE_POLICY = "GATE_POLICY"
    GATE_EXCEPTION = "GATE_EXCEPTION"

"""Calls to `callback_url`: what is owed to whom is a reading of the facts, each try is a fact of its own."""

from events.addresses import AddressRules
from processors.webhooks.log import WebhookLog
from processors.webhooks.office import WebhookOffice, WebhookParts
from processors.webhooks.sender import Sender
from processors.webhooks.signing import read_secrets
from processors.webhooks.tries import WebhookPolicy

__all__ = ["AddressRules", "Sender", "WebhookLog", "WebhookOffice", "WebhookParts", "WebhookPolicy", "read_secrets"]

"""Sends what could not be sent at once; run it every few minutes."""

from django.core.management.base import BaseCommand

from django_shop.mails import send_confirmation
from django_shop.models import Order


class Command(BaseCommand):
    """Send every confirmation that is due."""

    help = __doc__

    def handle(self, **options):
        """Send them one by one, the oldest order first."""
        for pk in Order.objects.filter(mail=Order.Mail.DUE).order_by("pk").values_list("pk", flat=True):
            send_confirmation(pk)

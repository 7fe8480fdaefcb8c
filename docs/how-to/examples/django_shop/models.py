"""What the shop keeps."""

import secrets
from email.utils import make_msgid

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


class EncryptedText(models.BinaryField):
    """Text that lies encrypted in the database and its backups."""

    def get_prep_value(self, value):
        """Encrypt with the newest key."""
        return _cipher().encrypt(value.encode())

    def from_db_value(self, value, expression, connection):
        """Decrypt with whichever key it was encrypted."""
        return _cipher().decrypt(bytes(value)).decode()


def _cipher():
    return MultiFernet([Fernet(key) for key in settings.PASSPHRASE_KEYS])


def new_passphrase():
    """Make up four groups of four letters and digits, none of which looks like another: 79 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def new_message_id():
    """Make up the Message-ID of an order's confirmation, the same for every try."""
    return make_msgid(domain="shop.example")


class Customer(models.Model):
    """A person with an account, in which the passphrase is shown."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    street = models.CharField(max_length=100)
    city = models.CharField(max_length=100)
    passphrase = EncryptedText(default=new_passphrase)


class Piece(models.Model):
    """Something to engrave."""

    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    stock = models.PositiveIntegerField()

    def __str__(self):
        return self.name


class Order(models.Model):
    """One engraved piece, and how far its confirmation has come."""

    class Mail(models.TextChoices):
        DUE = "due"
        SENDING = "sending"
        SENT = "sent"
        PARTLY = "partly"
        STUCK = "stuck"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT)
    engraving = models.CharField(max_length=60)
    placed = models.DateTimeField(auto_now_add=True)
    mail = models.CharField(max_length=10, choices=Mail, default=Mail.DUE)
    message_id = models.CharField(max_length=200, default=new_message_id)

    @property
    def number(self):
        """The number that the customer knows."""
        return f"GG-{40_000 + self.pk}"

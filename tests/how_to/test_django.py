from __future__ import annotations

from pathlib import Path

from cryptography.fernet import Fernet

from how_to.promises import PASSPHRASE, Promises

FILL = f"""
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django_shop.models import Customer, Piece
from how_to.serving import serve

call_command("migrate", run_syncdb=True, verbosity=0)
user = User.objects.create_user("zoe", "zoe@example.com", first_name="Zoë", last_name="Lindström")
Customer.objects.create(user=user, street="12 Ferry Road", city="Port Amber", passphrase={PASSPHRASE!r})
Piece.objects.create(name="Signet ring", price=640, stock=40)
Piece.objects.create(name="Locket", price=185, stock=0)
client = Client()
client.force_login(user)
serve(get_wsgi_application(), cookie="sessionid=" + client.cookies["sessionid"].value)
"""


class TestDjango(Promises):
    program = FILL
    retry = ("-m", "django", "send_confirmations")
    own_tests = ("-m", "django", "test", "django_shop")
    sold_out_status = 200  # a form with an error, as Django shows it

    @staticmethod
    def environment(folder: Path, mail_url: str, signing_key_file: Path) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "django_shop.settings",
            "SECRET_KEY": "for the tests",
            "DATABASE": str(folder / "shop.sqlite3"),
            "MAIL_URL": mail_url,
            "MAIL_PASSWORD": "secret",
            "SIGNING_KEY_FILE": str(signing_key_file),
            "SIGNING_KEY_PASSWORD": "signing",
            "PASSPHRASE_KEYS": Fernet.generate_key().decode(),
        }

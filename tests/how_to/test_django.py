from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet

from how_to.promises import PASSPHRASE, Promises, serving
from ondemand_attach.testing import SmtpSink

PROGRAM = f"""
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

CARELESS = """
from django.db import transaction
transaction.on_commit = lambda call, **_: call()
"""


class TestDjango(Promises):
    program = PROGRAM
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

    def test_sending_before_the_commit_is_seen(
        self, tmp_path: Path, sink: SmtpSink, certificates: Mapping[str, Path], env: Mapping[str, str]
    ) -> None:
        env = {**env, **self.environment(tmp_path, sink.url, certificates["signing"])}
        with serving(CARELESS + self.program, env, tmp_path / "log") as shop:
            shop.order(piece=2)
        assert sink.deliveries, "the check for a rollback would not have seen it"

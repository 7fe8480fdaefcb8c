from __future__ import annotations

from pathlib import Path

from cryptography.fernet import Fernet

from how_to.promises import EXAMPLES, PASSPHRASE, ROOT, Promises

PROGRAM = f"""
from flask_shop import create_app, database
from how_to.serving import serve

app = create_app()
with app.app_context():
    database.create_tables()
    customer = database.add_customer(
        email="zoe@example.com", first_name="Zoë", last_name="Lindström",
        street="12 Ferry Road", city="Port Amber", passphrase={PASSPHRASE!r},
    )
    with database.connection() as transaction:
        pieces = [("Signet ring", "640.00", 40), ("Locket", "185.00", 0)]
        transaction.executemany("INSERT INTO piece (name, price, stock) VALUES (?, ?, ?)", pieces)
client = app.test_client()
with client.session_transaction() as session:
    session["customer"] = customer
serve(app, cookie="session=" + client.get_cookie("session").value)
"""


class TestFlask(Promises):
    program = PROGRAM
    retry = ("-m", "flask", "--app", "flask_shop", "send-confirmations")
    own_tests = (
        *("-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("-c", str(ROOT / "pyproject.toml"), str(EXAMPLES / "flask_shop")),
    )
    sold_out_status = 409

    @staticmethod
    def environment(folder: Path, mail_url: str, signing_key_file: Path) -> dict[str, str]:
        return {
            "SHOP_SECRET_KEY": "for the tests",
            "SHOP_DATABASE": str(folder / "shop.sqlite3"),
            "SHOP_MAIL_URL": mail_url,
            "SHOP_MAIL_PASSWORD": "secret",
            "SHOP_SIGNING_KEY_FILE": str(signing_key_file),
            "SHOP_SIGNING_KEY_PASSWORD": "signing",
            "SHOP_PASSPHRASE_KEYS": Fernet.generate_key().decode(),
        }

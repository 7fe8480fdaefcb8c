"""What the shop keeps."""

import datetime
import secrets
import sqlite3
from email.utils import make_msgid

from cryptography.fernet import Fernet, MultiFernet
from flask import current_app, g


class SoldOut(Exception):
    """The last piece went to someone else."""


def connection():
    """Return the connection of this request, or of this command."""
    if "database" not in g:
        g.database = sqlite3.connect(current_app.config["DATABASE"])
        g.database.row_factory = sqlite3.Row
    return g.database


def close(error=None):
    """Close it again."""
    if "database" in g:
        g.pop("database").close()


def create_tables():
    """Create the tables."""
    with current_app.open_resource("schema.sql", "r") as schema:
        connection().executescript(schema.read())


def add_customer(**customer):
    """Open an account, with a passphrase that is shown in it; return its number."""
    passphrase = customer.pop("passphrase", None) or new_passphrase()
    row = {**customer, "passphrase": _cipher().encrypt(passphrase.encode())}
    with connection() as transaction:
        return transaction.execute(
            "INSERT INTO customer (email, first_name, last_name, street, city, passphrase)"
            " VALUES (:email, :first_name, :last_name, :street, :city, :passphrase)",
            row,
        ).lastrowid


def new_passphrase():
    """Make up four groups of four letters and digits, none of which looks like another: 79 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def _cipher():
    return MultiFernet([Fernet(key) for key in current_app.config["PASSPHRASE_KEYS"].split(",")])


def pieces():
    """Return what there is to engrave."""
    return connection().execute("SELECT * FROM piece WHERE stock > 0").fetchall()


def place(customer, piece, engraving):
    """Save an order, or nothing at all; return its number once it has been committed."""
    now = datetime.datetime.now(datetime.UTC).isoformat()
    with connection() as transaction:
        order = transaction.execute(
            "INSERT INTO purchase (customer, piece, engraving, placed, message_id) VALUES (?, ?, ?, ?, ?)",
            (customer, piece, engraving, now, make_msgid(domain="shop.example")),
        )
        left = transaction.execute("UPDATE piece SET stock = stock - 1 WHERE id = ? AND stock > 0", [piece])
        if not left.rowcount:
            raise SoldOut
    return order.lastrowid


def due():
    """Return the orders whose confirmation is due."""
    return [
        order for (order,) in connection().execute("SELECT id FROM purchase WHERE mail = 'due' ORDER BY id")
    ]


def move(order, before, after):
    """Change how far a confirmation has come; return whether it stood at *before*."""
    with connection() as transaction:
        change = "UPDATE purchase SET mail = ? WHERE id = ? AND mail = ?"
        return transaction.execute(change, (after, order, before)).rowcount == 1


def receiver_of(order):
    """Return the Message-ID of an order's confirmation, and the address it goes to."""
    query = (
        "SELECT message_id, email FROM purchase JOIN customer ON customer.id = customer WHERE purchase.id = ?"
    )
    return connection().execute(query, [order]).fetchone()


def event_of(order):
    """Return what happened as plain data."""
    query = (
        "SELECT *, piece.name AS piece_name FROM purchase"
        " JOIN customer ON customer.id = purchase.customer JOIN piece ON piece.id = purchase.piece"
        " WHERE purchase.id = ?"
    )
    row = connection().execute(query, [order]).fetchone()
    return {
        "order": {
            "number": f"GG-{40_000 + order}",
            "placed": datetime.datetime.fromisoformat(row["placed"]),
            "piece": row["piece_name"],
            "price": row["price"],
            "engraving": row["engraving"],
        },
        "customer": {
            "first_name": row["first_name"],
            "name": f"{row['first_name']} {row['last_name']}",
            "street": row["street"],
            "city": row["city"],
            "passphrase": _cipher().decrypt(row["passphrase"]).decode(),
        },
    }

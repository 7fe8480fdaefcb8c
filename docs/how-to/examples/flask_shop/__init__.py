"""A shop that engraves jewellery and confirms its orders by protected e-mail."""

import logging

from flask import Flask, abort, current_app, redirect, render_template, request, session, url_for

from . import database
from .mails import Mails


def create_app(**config):
    """Make the application; settings and secrets come from the environment, as SHOP_MAIL_URL and so on."""
    logging.basicConfig()
    logging.getLogger("ondemand_attach").setLevel(logging.INFO)
    app = Flask(__name__)
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config.from_prefixed_env("SHOP", loads=str)
    app.config.update(config)
    app.extensions["mails"] = Mails(app)
    app.teardown_appcontext(database.close)
    app.add_url_rule("/checkout/", view_func=checkout, methods=["GET", "POST"])
    app.add_url_rule("/thanks/", view_func=thanks)
    app.cli.command("create-tables")(database.create_tables)
    app.cli.command("send-confirmations")(app.extensions["mails"].send_due)
    return app


def checkout():
    """Show the form; place the order, and confirm it once it has been committed."""
    if "customer" not in session:
        abort(401)
    if request.method == "GET":
        return render_template("checkout.html", pieces=database.pieces())
    try:
        order = database.place(session["customer"], request.form["piece"], request.form["engraving"])
    except database.SoldOut:
        return render_template("checkout.html", pieces=database.pieces(), problem="Sold out."), 409
    confirm(order)
    return redirect(url_for("thanks"))


def confirm(order):
    """Send the confirmation. The order stands, whatever happens to its e-mail."""
    try:
        current_app.extensions["mails"].send_confirmation(order)
    except Exception:
        current_app.logger.exception("order %s has no confirmation yet", order)


def thanks():
    """Say what comes next."""
    return render_template("thanks.html")

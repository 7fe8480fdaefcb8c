"""The checkout."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import F
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from .mails import send_confirmation
from .models import Order, Piece


class SoldOut(Exception):
    """The last piece went to someone else."""


class CheckoutForm(forms.ModelForm):
    """What to engrave, and with which words."""

    class Meta:
        model = Order
        fields = ("piece", "engraving")


@login_required
@sensitive_post_parameters("engraving")
def checkout(request):
    """Show the form; place the order."""
    form = CheckoutForm(request.POST or None)
    if form.is_valid():
        try:
            place(form, request.user.customer)
        except SoldOut:
            form.add_error("piece", "Sold out.")
        else:
            return redirect("thanks")
    return render(request, "shop/checkout.html", {"form": form})


@transaction.atomic
def place(form, customer):
    """Save the order. Its confirmation is sent once the transaction has been committed."""
    form.instance.customer = customer
    order = form.save()
    transaction.on_commit(lambda: send_confirmation(order.pk), robust=True)
    if not Piece.objects.filter(pk=order.piece_id, stock__gt=0).update(stock=F("stock") - 1):
        raise SoldOut

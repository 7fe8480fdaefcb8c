"""Two pages."""

from django.urls import path
from django.views.generic import TemplateView

from .views import checkout

urlpatterns = [
    path("checkout/", checkout, name="checkout"),
    path("thanks/", TemplateView.as_view(template_name="shop/thanks.html"), name="thanks"),
]

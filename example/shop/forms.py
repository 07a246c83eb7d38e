from django import forms
from django.forms.widgets import Script

from shop.models import Enquiry


class WarmthInput(forms.NumberInput):
    """Choose the colour of light on a slider that glows as the lamp would."""

    input_type = "range"
    template_name = "shop/warmth.html"

    class Media:
        css = {"all": ["shop/css/warmth.css"]}
        js = [Script("shop/js/warmth.js", type="module")]


class EnquiryForm(forms.ModelForm):
    warmth_kelvin = forms.IntegerField(
        label="How warm the light should be",
        min_value=1800,
        max_value=3000,
        step_size=100,
        initial=2200,
        widget=WarmthInput,
    )

    class Meta:
        model = Enquiry
        fields = ["name", "email", "country", "warmth_kelvin", "message"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "message": forms.Textarea(attrs={"rows": 5}),
        }

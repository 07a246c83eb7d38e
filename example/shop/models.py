from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django_countries.fields import CountryField


class Collection(models.Model):
    name = models.CharField(max_length=40)
    slug = models.SlugField(unique=True)
    line = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("collection", args=[self.slug])


class Piece(models.Model):
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="pieces")
    name = models.CharField(max_length=60)
    slug = models.SlugField(unique=True)
    price_euros = models.PositiveIntegerField()
    line = models.CharField(max_length=120)
    story = models.TextField()
    materials = models.CharField(max_length=120)
    size = models.CharField(max_length=40)
    maker = models.CharField(max_length=60)
    is_new = models.BooleanField("new this season", default=False)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("piece", args=[self.slug])

    @property
    def picture(self) -> str:
        """The picture's path among the static files: it belongs to a release, as code does."""
        return f"shop/pieces/{self.slug}.webp"

    @property
    def small_picture(self) -> str:
        return f"shop/pieces/{self.slug}-small.webp"


class Enquiry(models.Model):
    name = models.CharField("your name", max_length=80)
    email = models.EmailField("your email")
    country = CountryField("where you live", default="PT")
    warmth_kelvin = models.PositiveIntegerField(
        "how warm the light should be",
        default=2200,
        validators=[MinValueValidator(1800), MaxValueValidator(3000)],
    )
    message = models.TextField("what you have in mind")
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-asked_at"]
        verbose_name_plural = "enquiries"

    def __str__(self) -> str:
        return f"{self.name}, {self.asked_at:%d %B %Y}"

"""Template filters of the product."""

from django import template

from chat import paint

register = template.Library()
register.filter("painted", paint.paint)
register.filter("lines", paint.lines)

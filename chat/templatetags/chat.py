"""Template filters for messages, links and form fields."""

from django import template

from chat import markup, timestamps
from chat.realtime import rendering

register = template.Library()
register.filter("rendered_messages", rendering.render_messages)
register.filter("rendered_lines", rendering.render_lines)
register.filter("with_links", markup.with_links)
register.filter("timestamp", timestamps.timestamp)
register.filter("date_and_time", timestamps.date_and_time)


@register.filter
def field_with_focus(field):
    """Return the HTML of the field and its hidden initial value. The form's first field with an error is focused."""
    first_error = next((other for other in field.form if other.errors), None)
    focused = first_error and first_error.name == field.name
    html = field.as_widget(attrs={"autofocus": True} if focused else None)
    hidden = hidden_initial(field)
    return html + hidden if hidden else html


@register.filter
def hidden_initial(field):
    """Return the field's initial value as a hidden input, or "" if the field has no `show_hidden_initial`."""
    return field.as_hidden(only_initial=True) if field.field.show_hidden_initial else ""

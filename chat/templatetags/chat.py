"""Template filters of the product."""

from django import template

from chat.realtime import rendering

register = template.Library()
register.filter("painted", rendering.render_messages)
register.filter("lines", rendering.render_lines)


@register.filter
def drawn(field):
    """A form's field, with the cursor in it where it is the first that was refused: what is wrong is in sight then.

    Beside it, where the form asks for that, what it showed before anything was typed.
    """
    refused = next((other for other in field.form if other.errors), None)
    html = field.as_widget(attrs={"autofocus": True} if refused and refused.name == field.name else None)
    return html + shown(field) if field.field.show_hidden_initial else html


@register.filter
def shown(field):
    """What the field showed before anything was typed, to be sent along where the form asks for that."""
    hidden = field.as_hidden(attrs={"autocomplete": "off"}, only_initial=True)
    return hidden if field.field.show_hidden_initial else ""

"""Time zones to choose from, each once, by region; older names of the same zones stay valid."""

from __future__ import annotations

import zoneinfo
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.forms.renderers import BaseRenderer
    from django.utils.functional import _StrOrPromise

    from chat.markup import Html

    Zone = tuple[str, str]  # name and label
    Choice = tuple[str, _StrOrPromise | tuple[Zone, ...]]

ANY: list[Choice] = [("", _("the site’s time zone")), ("UTC", "UTC")]


class TimeZoneSelect(forms.Select):
    """A select whose HTML is cached per chosen zone, because rendering its more than 400 options takes 15 ms."""

    chosen = ""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> Html:
        built = tuple(self.build_attrs(self.attrs, attrs).items())
        render = _rendered if value in zoneinfo.available_timezones() or not value else _rendered.__wrapped__
        return render(name, value, built, self.chosen, translation.get_language())


@lru_cache(maxsize=500)  # entries of about 25 kB
def _rendered(
    name: str, value: str | None, attrs: tuple[tuple[str, Any], ...], chosen: str, language: str | None
) -> Html:
    return forms.Select(choices=_choices(chosen)).render(name, value, dict(attrs))


def _choices(chosen: str) -> list[Choice]:
    """Return the options. `chosen` is "", or an outdated name that this person chose before, which is added."""
    return [*ANY, *([(chosen, _label(chosen))] if chosen else []), *listed()]


class TimeZoneField(forms.ChoiceField):
    """An optional time zone. Outdated names are valid too, but offered only if `chosen`, the current choice, is one."""

    def __init__(self, chosen: str = "") -> None:
        super().__init__(label=_("Time zone"), required=False, widget=TimeZoneSelect)
        self.choices = _choices("")
        if chosen and not super().valid_value(chosen) and self.valid_value(chosen):
            self.widget.chosen = chosen
            self.choices = _choices(chosen)

    def valid_value(self, value: Any) -> bool:
        return super().valid_value(value) or value in zoneinfo.available_timezones()


@cache
def listed() -> tuple[tuple[str, tuple[Zone, ...]], ...]:
    """The time zones in zone.tab by region: pairs of a region and its zones, which are pairs of a name and a label.

    There is at least one for each country, each under one name.
    """
    table = files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8").splitlines()
    regions: dict[str, list[Zone]] = {}
    for zone in sorted(line.split("\t")[2] for line in table if line and not line.startswith("#")):
        region, _slash, place = zone.partition("/")
        regions.setdefault(region, []).append((zone, _label(place)))
    return tuple((region, tuple(places)) for region, places in regions.items())


def _label(place: str) -> str:
    return place.replace("_", " ")

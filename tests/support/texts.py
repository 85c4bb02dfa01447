"""What a person reads in a page: its text, and the attributes that browsers show or screen readers speak."""

from html.parser import HTMLParser

SHOWN = ("alt", "aria-label", "placeholder", "title")


def texts(page):
    reader = _Reader()
    reader.feed(page)
    return reader.texts


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.texts = []
        self.inside = ""

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        self.texts += [value for name, value in attrs if name in SHOWN and value]

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside not in ("style", "script", "option"):  # options are names of time zones
            self.texts.append(data)

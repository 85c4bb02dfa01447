"""QR codes: a link as a picture that a telephone reads from a screen."""

import segno


def picture(link):
    """A `data:` address of it, dark on white in every colour scheme, as cameras want it."""
    return segno.make(link, micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")

"""QR codes for links."""

import segno


def picture(link: str) -> str:
    """A `data:` URL with the QR code, dark on white in every theme, because cameras need that."""
    return segno.make(link, micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")

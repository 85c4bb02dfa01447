"""QR codes for links."""

import segno


def picture(link: str) -> str:
    """Return the link's QR code as a `data:` URL (SVG), dark on white in every theme, because cameras need that."""
    return segno.make(link, micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")

"""Images as a person sees them: turned by what the camera noted."""

from __future__ import annotations

from PIL import ExifTags, Image

TURNS = {  # EXIF 2.32, section 4.6.4: the value of Orientation, and what makes it upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turn_upright(image: Image.Image) -> Image.Image:
    """The image turned by its EXIF orientation; metadata that cannot be read turns nothing."""
    image.load()  # Pillow turns a TIFF when it loads it, and then forgets its orientation
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return image
    return image if turn is None else image.transpose(turn)

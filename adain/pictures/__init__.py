"""Pictures: files, streams, PIL images and arrays to `Picture`, and back. Pillow is used in this folder and at the face
of `Stylizer`; between them a picture is a `Picture`.

    load(source)      file, bytes, stream, PIL image or array  ->  Picture
    save(picture, to)  Picture  ->  file or stream

picture.py   Picture
animation.py Animation: several pictures in one file
metadata.py  resolution and EXIF
read.py      load: upright, sRGB, 8 bits, within limits
png.py       PNG without what cannot be read and carries no pixels
colour.py    profiles, gamma and codes of colour to sRGB
write.py     save: whole or not at all
resize.py    every change of size
sheet.py     pictures side by side, with their names; text on pictures
folders.py   the pictures in folders, in tar files and in .arrow files
arrow.py     where they are in an .arrow file
"""

from .animation import Animation
from .folders import PictureBytes, find_pictures, find_with_shards, is_folder
from .metadata import Metadata
from .picture import Picture, Pixels
from .read import MAX_PIXELS, FileSource, Source, is_animated, load, load_all, read_size
from .resize import check_side, resize, resize_to_side, square
from .sheet import contact_sheet, write_on
from .write import FORMATS, check_quality, encode, format_of, holds_frames, save, save_all, suffix_of

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Animation",
    "FileSource",
    "Metadata",
    "Picture",
    "PictureBytes",
    "Pixels",
    "Source",
    "check_quality",
    "check_side",
    "contact_sheet",
    "encode",
    "find_pictures",
    "find_with_shards",
    "format_of",
    "holds_frames",
    "is_animated",
    "is_folder",
    "load",
    "load_all",
    "read_size",
    "resize",
    "resize_to_side",
    "save",
    "save_all",
    "square",
    "suffix_of",
    "write_on",
]

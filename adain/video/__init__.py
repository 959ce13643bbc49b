"""Videos: frames with their times in, frames and everything else of the file out. PyAV and OpenCV are used in this
folder, within functions, so that it can be imported without them.
"""

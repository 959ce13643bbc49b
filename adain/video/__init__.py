"""Videos: frames with their times in, frames and everything else of the file out; cameras and screens.

clip.py, sequence.py, read.py   what frames come from: any `Clip`, pictures, video files
hdr.py                          high dynamic range to standard
timeline.py                     looks over time
steady.py                       strokes that follow what they are on
parts.py, write.py, join.py     frames to parts, and parts with sound and so on to one file
ahead.py                        a thread that works ahead
camera.py, screens.py           live pictures in and out

PyAV and OpenCV are imported within functions, so that this folder can be imported without them.
"""

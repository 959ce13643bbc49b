"""onnxruntime on an NVIDIA GPU.

engine.py     Cuda: sizes that come often get a lane, all others one session
lane.py       one size as fast as it goes: a CUDA graph
copies.py     copies between host and GPU beside the computing
tensorrt.py   lanes through TensorRT
half.py       float32 models to float16
check.py      why CUDA or TensorRT cannot be used here, if it cannot
"""

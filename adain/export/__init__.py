"""PyTorch to ONNX: the graphs of the contract, and the proof that they compute the same.

write.py    `export`: all of it, in order
doors.py    the inputs and outputs of the contract around a network
graph.py    torch's exporter, and what has to be mended after it
needs.py    what a graph needs: arithmetic and memory
check.py    onnxruntime against PyTorch, on the same inputs
webgpu.py   what WebGPU needs of a graph
portable.py `portable` files from `bytes` files, without torch
triton.py   a model repository for NVIDIA Triton Inference Server

The folder `export` at the root of the repository is another thing: the contract's page, and clients.
"""

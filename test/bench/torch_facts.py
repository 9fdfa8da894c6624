"""What decides how fast a PyTorch is: its version, its libraries for products, the instructions it uses."""

import re

import torch


def facts():
    blas = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    return {
        "version": torch.__version__,
        "onednn": torch.backends.mkldnn.is_available(),
        "blas": "mkl" if torch.backends.mkl.is_available() else blas.group(1) if blas else None,
        "instructions": torch.backends.cpu.get_cpu_capability() if hasattr(torch.backends.cpu, "get_cpu_capability") else None,
    }

"""Forward passes of Whisper's encoder in PyTorch on the CPU, on demand: random weights, all states kept.

Reads lines "BLOCKS WIDTH HEADS FRAMES THREADS SECONDS" and answers each with the times of as many passes as fit, in
milliseconds, and the memory that the process has needed at most beyond that of PyTorch itself, in bytes, as JSON.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as functional
from torch import nn

BANDS, POSITIONS = 80, 1500


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        parts = self.qkv(self.norm1(x)).chunk(3, -1)
        q, k, v = (part.view(*x.shape[:2], self.heads, -1).transpose(1, 2) for part in parts)
        mixed = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        x = x + self.out(mixed)
        return x + self.down(functional.gelu(self.up(self.norm2(x))))


class Encoder(nn.Module):
    def __init__(self, blocks, width, heads):
        super().__init__()
        self.conv1 = nn.Conv1d(BANDS, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer("positions", torch.randn(POSITIONS, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))

    def forward(self, mel):
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
        states = [x + self.positions[: x.shape[1]]]
        for block in self.blocks:
            states.append(block(states[-1]))
        return torch.cat(states, -1)


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    torch.manual_seed(0)
    made, before = {}, memory()
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        blocks, width, heads, frames, threads = map(int, line.split()[:5])
        torch.set_num_threads(threads)
        key = blocks, width, heads
        if key not in made:
            made[key] = Encoder(*key).eval()
        mel, times, end = torch.randn(1, BANDS, frames), [], time.perf_counter() + float(line.split()[5])
        with torch.inference_mode():
            while not times or time.perf_counter() < end:
                start = time.perf_counter()
                made[key](mel)
                times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps({"times": times, "memory": memory() - before}), flush=True)


main()

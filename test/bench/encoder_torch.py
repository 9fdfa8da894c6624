"""Forward passes of Whisper's encoder and of wav2vec 2.0 in PyTorch on the CPU, on demand: random weights, all states kept.

Reads lines "KIND BLOCKS WIDTH HEADS FRAMES THREADS SECONDS", KIND whisper or wav2vec2, whose frames are samples, and answers each with the times of as many passes as fit, in
milliseconds, and the memory that the process has needed at most beyond that of PyTorch itself, in bytes, as JSON.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as functional
from torch import nn
from torch_facts import facts

BANDS, POSITIONS = 80, 1500


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def attention(self, x):
        parts = self.qkv(x).chunk(3, -1)
        q, k, v = (part.view(*x.shape[:2], self.heads, -1).transpose(1, 2) for part in parts)
        return self.out(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape))

    def feed(self, x):
        return self.down(functional.gelu(self.up(x)))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.feed(self.norm2(x))


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


class PostNormBlock(Block):
    def forward(self, x):
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.feed(x))


class Wav2vec2(nn.Module):
    def __init__(self, blocks, width, heads):
        super().__init__()
        sizes = zip([1] + [512] * 6, [10, 3, 3, 3, 3, 2, 2], [5] + [2] * 6)
        self.features = nn.ModuleList(nn.Conv1d(n, 512, k, stride=s, bias=False) for n, k, s in sizes)
        self.group_norm = nn.GroupNorm(512, 512)
        self.projection = nn.Sequential(nn.LayerNorm(512), nn.Linear(512, width))
        self.positional = nn.Conv1d(width, width, 128, padding=64, groups=16)
        self.norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(PostNormBlock(width, heads) for _ in range(blocks))

    def forward(self, samples):
        x = samples
        for i, convolution in enumerate(self.features):
            x = convolution(x)
            x = functional.gelu(self.group_norm(x) if i == 0 else x)
        x = self.projection(x.transpose(1, 2))
        places = functional.gelu(self.positional(x.transpose(1, 2))[..., :-1])
        states = [self.norm(x + places.transpose(1, 2))]
        for block in self.blocks:
            states.append(block(states[-1]))
        return torch.cat(states, -1)


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    torch.manual_seed(0)
    made, before = {}, memory()
    print(json.dumps(facts()), flush=True)
    for line in sys.stdin:
        kind, *numbers, seconds = line.split()
        blocks, width, heads, frames, threads = map(int, numbers)
        torch.set_num_threads(threads)
        key = kind, blocks, width, heads
        if key not in made:
            made[key] = (Wav2vec2 if kind == "wav2vec2" else Encoder)(blocks, width, heads).eval()
        columns = 1 if kind == "wav2vec2" else BANDS
        x, times, end = torch.randn(1, columns, frames), [], time.perf_counter() + float(seconds)
        with torch.inference_mode():
            while not times or time.perf_counter() < end:
                start = time.perf_counter()
                made[key](x)
                times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps({"times": times, "memory": memory() - before}), flush=True)


main()

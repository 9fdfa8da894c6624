"""Training steps of the four reference networks in PyTorch on the CPU, or on CUDA where the first argument is cuda, on demand.

Reads lines "MODEL THREADS SECONDS", or with a fourth word for another batch size, and answers each with the times of as many steps as fit, in milliseconds, as JSON.
"""

import json
import sys
import time

import torch
import torch.nn.functional as functional
from torch import nn
from torch_facts import facts

BATCH, FRAMES, BANDS, CLASSES = 32, 128, 40, 7


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        blocks, before = [], 1
        for filters in (32, 64, 128, 128):
            blocks += [nn.Conv2d(before, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(2)]
            blocks += [nn.Dropout(0.25)]
            before = filters
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(before, CLASSES)

    def forward(self, x):
        return self.head(self.blocks(x.unsqueeze(1)).mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self, inputs=BANDS, layers=2, both=False):
        super().__init__()
        self.both = both
        self.rnn = nn.LSTM(inputs, 128, layers, batch_first=True, bidirectional=both)
        self.hidden = nn.Linear(256 if both else 128, 64)
        self.head = nn.Linear(64, CLASSES)

    def forward(self, x):
        _, (h, _) = self.rnn(x)
        last = torch.cat((h[-2], h[-1]), 1) if self.both else h[-1]
        return self.head(functional.relu(self.hidden(last)))


class Clstm(nn.Module):
    def __init__(self):
        super().__init__()
        blocks, before = [], BANDS
        for filters in (64, 128):
            blocks += [nn.Conv1d(before, filters, 3, padding=1), nn.BatchNorm1d(filters), nn.ReLU(), nn.MaxPool1d(2)]
            blocks += [nn.Dropout(0.25)]
            before = filters
        self.blocks = nn.Sequential(*blocks)
        self.rest = Recurrent(128, 1)

    def forward(self, x):
        return self.rest(self.blocks(x.transpose(1, 2)).transpose(1, 2))


MAKERS = {"cnn": Cnn, "lstm": Recurrent, "bilstm": lambda: Recurrent(both=True), "clstm": Clstm}


def main():
    device = sys.argv[1] if len(sys.argv) > 1 else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("no CUDA device")
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False  # single precision, as ours
    made = {}
    print(json.dumps(facts()), flush=True)
    for line in sys.stdin:
        name, threads, seconds, *batch = line.split()
        torch.set_num_threads(int(threads))
        clips = int(batch[0]) if batch else BATCH
        x, y = torch.randn(clips, FRAMES, BANDS).to(device), torch.randint(0, CLASSES, (clips,)).to(device)
        if name not in made:
            model = MAKERS[name]().to(device).train()
            made[name] = model, torch.optim.Adam(model.parameters(), 1e-3)
        model, optimizer = made[name]
        times, end = [], time.perf_counter() + float(seconds)
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            if device == "cuda":
                torch.cuda.synchronize()
            times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps(times), flush=True)


main()

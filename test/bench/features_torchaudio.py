"""torchaudio's and librosa's part of the feature benchmark (features.ts starts it).

Says on a line what it has, {"torchaudio": version or null, "librosa": version or null}; then for every line
{"library", "features", "files", "cores"} does that work and answers {"seconds", "readMs", "resampleMs", "featureMs"},
the last three per file and of one core. Reading and resampling as a user of the library does them.
"""

import json
import multiprocessing
import sys
import time
import warnings

warnings.filterwarnings("ignore")

RATE = 16000
FRAMES = {"n_fft": 512, "win_length": 400, "hop_length": 160, "n_mels": 64}

try:
    import torch
    import torchaudio

    torch.set_num_threads(1)
    SLANEY = {**FRAMES, "f_max": 8000.0, "mel_scale": "slaney", "norm": "slaney"}
    MEL = torchaudio.transforms.MelSpectrogram(RATE, **SLANEY)
    DECIBELS = torchaudio.transforms.AmplitudeToDB(top_db=80)
    MFCC = torchaudio.transforms.MFCC(RATE, n_mfcc=40, melkwargs=SLANEY)
    RESAMPLERS = {}
except (ImportError, OSError):  # OSError: built for another PyTorch
    torchaudio = None
try:
    import soundfile
except ImportError:
    soundfile = None
try:
    import librosa
except ImportError:
    librosa = None


def load(path):
    """torchaudio from 2.9 on reads by torchcodec alone, which wants FFmpeg's libraries; soundfile is what it read by before."""
    try:
        return torchaudio.load(path)
    except ImportError:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        return torch.from_numpy(samples.T), rate


def with_torchaudio(path, features):
    start = time.perf_counter()
    samples, rate = load(path)
    samples = samples.mean(0)
    read = time.perf_counter()
    if rate != RATE:
        if rate not in RESAMPLERS:
            RESAMPLERS[rate] = torchaudio.transforms.Resample(rate, RATE)
        samples = RESAMPLERS[rate](samples)
    resampled = time.perf_counter()
    MFCC(samples) if features == "mfcc" else DECIBELS(MEL(samples))
    return read - start, resampled - read, time.perf_counter() - resampled


def with_librosa(path, features):
    start = time.perf_counter()
    samples, rate = librosa.load(path, sr=None)
    read = time.perf_counter()
    if rate != RATE:
        samples = librosa.resample(samples, orig_sr=rate, target_sr=RATE)
    resampled = time.perf_counter()
    if features == "mfcc":
        librosa.feature.mfcc(y=samples, sr=RATE, n_mfcc=40, **FRAMES)
    else:
        librosa.power_to_db(librosa.feature.melspectrogram(y=samples, sr=RATE, **FRAMES))
    return read - start, resampled - read, time.perf_counter() - resampled


WORK = {"torchaudio": with_torchaudio, "librosa": with_librosa}


def one(task):
    library, path, features = task
    return WORK[library](path, features)


def answer(request, pools):
    tasks = [(request["library"], path, request["features"]) for path in request["files"]]
    cores = request["cores"]
    if cores > 1 and cores not in pools:
        pools[cores] = multiprocessing.Pool(cores)
    start = time.perf_counter()
    times = pools[cores].map(one, tasks, chunksize=1) if cores > 1 else [one(task) for task in tasks]
    seconds = time.perf_counter() - start
    parts = [1000 * sum(part) / len(times) for part in zip(*times)]
    return {"seconds": seconds, "readMs": parts[0], "resampleMs": parts[1], "featureMs": parts[2]}


if __name__ == "__main__":
    versions = {
        "torchaudio": torchaudio and torchaudio.__version__,
        "librosa": librosa and librosa.__version__,
    }
    print(json.dumps(versions), flush=True)
    pools = {}
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), pools)), flush=True)

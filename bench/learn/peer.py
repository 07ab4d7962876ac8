# PyTorch as the peer of bench/learn.mjs: runs the network that a JSON line describes (the operators of our Graph, one by one) and times
# training steps (forward, backward, Adam) on random data. One line in, one line out:
# {"steps": n} -> {"seconds": [...], "cpu": processor seconds a step, "peak": bytes, "before": bytes before the network}.
import json, sys, time
import torch
import torch.nn.functional as F


def status_bytes(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))


before = status_bytes("VmRSS")
spec = json.loads(sys.stdin.readline())
torch.set_num_threads(spec["threads"])
torch.manual_seed(0)
layout = torch.channels_last if spec["layout"] == "channels_last" else torch.contiguous_format
weights, running = {}, {}
for name, (shape, kind) in spec["weights"].items():
    if kind == "statistic":
        running[name] = torch.ones(shape)
    else:
        value = torch.randn(shape) * 0.05 if kind == "weight" else torch.ones(shape)
        value = value.to(memory_format=layout) if value.dim() == 4 else value
        weights[name] = value.requires_grad_()


def value(at, name):
    return weights.get(name, running.get(name, at.get(name)))


def conv(i, a):
    return F.conv2d(i[0], i[1], i[2] if len(i) > 2 else None, a["strides"], a["pads"][:2], a["dilations"], a["group"])


def max_pool(i, a):
    return F.max_pool2d(i[0], a["kernel_shape"], a["strides"], a["pads"][:2], ceil_mode=bool(a["ceil_mode"]))


RULES = {
    "Conv": conv,
    "MaxPool": max_pool,
    "AveragePool": lambda i, a: F.avg_pool2d(i[0], a["kernel_shape"], a["strides"], a["pads"][:2]),
    "GlobalAveragePool": lambda i, a: i[0].mean((2, 3), keepdim=True),
    "BatchNormalization": lambda i, a: F.batch_norm(i[0], i[3], i[4], i[1], i[2], True, 0.1, a["epsilon"]),
    "Relu": lambda i, a: F.relu(i[0]),
    "Add": lambda i, a: i[0] + i[1],
    "Flatten": lambda i, a: i[0].flatten(1),
    "Gemm": lambda i, a: F.linear(i[0], i[1], i[2]),
}


def forward(x):
    at = {spec["input"]: x}
    for op, inputs, output, attributes in spec["layers"]:
        at[output] = RULES[op]([value(at, name) for name in inputs], attributes)
    return at[spec["layers"][-1][2]]


x = torch.rand(spec["shape"]).to(memory_format=layout)
if spec["loss"] == "bce":
    target = torch.randint(0, 2, spec["outputShape"]).float()
    loss_of = F.binary_cross_entropy_with_logits
else:
    target = torch.arange(spec["shape"][0]) % spec["outputShape"][1]
    loss_of = F.cross_entropy
optimiser = torch.optim.Adam(weights.values(), 1e-3)


def step():
    optimiser.zero_grad()
    loss_of(forward(x), target).backward()
    optimiser.step()


for line in sys.stdin:
    seconds = []
    used = time.process_time()
    for _ in range(json.loads(line)["steps"]):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    cpu = (time.process_time() - used) / len(seconds)
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": status_bytes("VmHWM"), "before": before}), flush=True)

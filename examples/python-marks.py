# A training loop in Python that marks its epochs: two lines, only Python's own library, and the same program runs unmeasured too.
# Run it after `npm run build`, from the repository: node dist/cli/main.js measure -- python3 examples/python-marks.py
# The report then has a row of joules for each epoch and for the window "validation".
import os
import urllib.request


def mark(line: str) -> None:
    # Where a GPU works, wait for it first: torch.cuda.synchronize()
    if "JOULECAST_URL" in os.environ:
        urllib.request.urlopen(os.environ["JOULECAST_URL"] + "/mark", line.encode()).close()


def train() -> float:
    weight = 0.0
    for step in range(2_000_000):
        weight -= 0.01 * (weight - step % 7)
    return weight


for epoch in range(1, 4):
    mark(f"epoch {epoch}")
    loss = train()
    mark("window-open validation")
    train()
    mark("window-close validation")
    print(f"epoch {epoch}: weight {loss:.3f}")

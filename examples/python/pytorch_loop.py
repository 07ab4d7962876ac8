# A PyTorch training loop whose epochs and validation have rows of joules in the report. Run it after `npm run build`:
#   node dist/cli/main.js run --epochs 3 -- python3 examples/python/pytorch_loop.py
# Without PyTorch the same loop runs on a stand-in that computes nothing of use, so that the marks can be tried anywhere.
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from joulecast_client import Joulecast

try:
    import torch
except ImportError:
    torch = None


class StandIn:
    """A straight line fitted by hand: the shape of a training without its library."""

    def __init__(self) -> None:
        self.weight = 0.0

    def step(self) -> float:
        loss = 0.0
        for x in range(20_000):
            error = self.weight * (x % 7) - 3.0 * (x % 7)
            self.weight -= 1e-4 * error
            loss += error * error
        return loss

    def validate(self) -> float:
        return sum(abs(self.weight - 3.0) for _ in range(20_000)) / 20_000


class Regression:
    """The same line in PyTorch."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.x = torch.rand(512, 1, device=device)
        self.model = torch.nn.Linear(1, 1).to(device)
        self.optimiser = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def step(self) -> float:
        for _ in range(50):
            self.optimiser.zero_grad()
            loss = torch.nn.functional.mse_loss(self.model(self.x), 3 * self.x)
            loss.backward()
            self.optimiser.step()
        return loss.item()

    def validate(self) -> float:
        with torch.no_grad():
            return (self.model(self.x) - 3 * self.x).abs().mean().item()


# Work on a GPU is waited for before each mark; without a GPU there is nothing to wait for.
wait = torch.cuda.synchronize if torch is not None and torch.cuda.is_available() else None
training = StandIn() if torch is None else Regression()
with Joulecast(before=wait) as marks:
    for epoch in marks.epochs(3):
        loss = training.step()
        with marks.window("validation"):
            error = training.validate()
        marks.mark("loss", loss)
        print(f"epoch {epoch}: loss {loss:.4f}, error {error:.4f}")

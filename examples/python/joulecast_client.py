"""Marks and windows in a joulecast measurement, from a training loop. One file, Python's standard library alone.

Copy it beside your program. `joulecast measure -- python train.py`, `joulecast run …` and `joulecast compare …` put two addresses
into the program's environment; without them, or when nobody listens there any more, every call does nothing: a measurement never
breaks the training that it measures.

    from joulecast_client import Joulecast

    with Joulecast() as marks:
        for epoch in marks.epochs(10):
            train()
            with marks.window("validation"):
                validate()

A mark has the time at which it arrives. What is handed to a GPU goes on after the call that hands it over: give
`before=torch.cuda.synchronize`, which is called before every mark.

Python 3.8 or later, Linux, macOS, Windows (over HTTP). Safe to call from several threads and after a fork.
"""

import json
import os
import socket
import sys
import threading
import urllib.request
from contextlib import contextmanager
from typing import Callable, Iterable, Iterator, Optional, TypeVar, Union

__all__ = ["Joulecast"]

Value = Union[str, int, float]
Item = TypeVar("Item")


class Joulecast:
    """The way to a measurement. `listening` says whether marks are sent; it turns False for good when one cannot be delivered.

    before   called before every mark, such as torch.cuda.synchronize. Its errors are the program's own and are not hidden.
    timeout  longest wait for the measurement, in seconds.
    quiet    False: one line on stderr when marks cannot be delivered any more.
    """

    def __init__(self, before: Optional[Callable[[], object]] = None, timeout: float = 2.0, quiet: bool = False) -> None:
        self._before = before
        self._timeout = timeout
        self._quiet = quiet
        self._path = os.environ.get("JOULECAST_SOCKET", "") if hasattr(socket, "AF_UNIX") else ""
        self._url = os.environ.get("JOULECAST_URL", "")
        self._lock = threading.Lock()
        self._socket: Optional[socket.socket] = None
        self._pid = os.getpid()
        self.listening = bool(self._path or self._url)

    def mark(self, name: str, value: Optional[Value] = None) -> bool:
        """Sets a named instant. Returns whether it was sent."""
        if not self.listening:
            return False
        if self._before is not None:
            self._before()
        try:
            said = {"name": str(name)} if value is None else {"name": str(name), "value": _plain(value)}
            line = json.dumps(said, ensure_ascii=True, allow_nan=False)
        except Exception as error:  # this mark cannot be said (NaN): the next one may
            self._tell("mark %r was left out: %s" % (name, error))
            return False
        try:
            with self._lock:
                self._send(line)
            return True
        except Exception as error:  # nobody listens any more: the training is what matters
            self.listening = False
            self._tell("no more marks: %s" % error)
        return False

    def epoch(self, number: int) -> bool:
        """The epoch of that number begins; the one before has ended."""
        return self.mark("epoch", number)

    def epochs(self, items: Union[int, Iterable[Item]], first: int = 1) -> Iterator:
        """Goes through the items (or the numbers from `first`) and marks an epoch before each."""
        chosen = range(first, first + items) if isinstance(items, int) else items
        for number, item in enumerate(chosen, first):
            self.epoch(number)
            yield item

    @contextmanager
    def window(self, name: str) -> Iterator[None]:
        """Joules of what is inside are a row of the report. Windows may lie in each other; an error inside ends it too."""
        opened = self.mark("window-open", name)
        try:
            yield
        finally:
            if opened:
                self.mark("window-close", name)

    def close(self) -> None:
        """Ends the connection. Called by `with`, and not needed otherwise."""
        with self._lock:
            self._drop()

    def __enter__(self) -> "Joulecast":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, line: str) -> None:
        if not self._path:
            request = urllib.request.Request(self._url + "/mark", line.encode(), method="POST")
            # No proxy stands between two programs of one machine.
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=self._timeout).close()
            return
        if self._pid != os.getpid():  # a forked worker must not share its parent's connection
            self._socket, self._pid = None, os.getpid()
        if self._socket is None:
            connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connected.settimeout(self._timeout)
            connected.connect(self._path)
            self._socket = connected
        self._socket.sendall(line.encode() + b"\n")

    def _drop(self) -> None:
        connected, self._socket = self._socket, None
        if connected is None or self._pid != os.getpid():
            return
        try:
            connected.shutdown(socket.SHUT_WR)
            connected.recv(256)  # "ok": all marks were taken
        except OSError:
            pass
        connected.close()

    def _tell(self, text: str) -> None:
        if not self._quiet:
            try:
                print("joulecast_client: " + text, file=sys.stderr)
            except Exception:
                pass


def _plain(value: object) -> Value:
    """Numbers of other libraries (NumPy's, a tensor of one element) as Python's own."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return value
    item = getattr(value, "item", None)
    number = item() if callable(item) else value
    return number if isinstance(number, (int, float)) and not isinstance(number, bool) else str(number)

"""The peers in a process of their own, as Python programs do the job: load the file, infer shapes, count MACs.

    python peer.py loop|onnx-tool            a line of JSON {path, dims, dataPropagation} in, {seconds, macs, peakBytes} out
    python peer.py loop|onnx-tool --once     the same for one line, then the end
    python peer.py --versions                what is installed

"loop" is onnx.shape_inference.infer_shapes and the counting loop below, the least that does the job; "onnx-tool" is that
package's own inference and profile. Each run loads the file anew. Its output is counted as MACs of convolutions and
matrix products for both, as joulecast counts; onnx-tool's own total also has elementwise operators in it.
"""
import contextlib
import gc
import io
import json
import math
import sys
import time

import onnx

MAC_OPS = {"Conv", "Gemm", "MatMul"}


def bind(model, dims):
    """Puts numbers in the place of the inputs' symbolic dimensions."""
    for value in model.graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in dims:
                dim.dim_value = dims[dim.dim_param]


def shapes_of(graph):
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for values in (graph.input, graph.value_info, graph.output):
        for value in values:
            shapes[value.name] = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    return shapes


def node_macs(node, shapes):
    if node.op_type not in MAC_OPS:
        return 0
    output = math.prod(shapes[node.output[0]])
    if node.op_type == "Conv":
        return output * math.prod(shapes[node.input[1]][1:])
    a = shapes[node.input[0]]
    trans_a = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
    return output * (a[0] if trans_a else a[-1])


def by_loop(path, dims, data_propagation):
    model = onnx.load(path)
    bind(model, dims)
    model = onnx.shape_inference.infer_shapes(model, data_prop=data_propagation)
    shapes = shapes_of(model.graph)
    return sum(node_macs(node, shapes) for node in model.graph.node)


def by_onnx_tool(path, dims, _):
    import onnx_tool

    proto = onnx.load(path)
    bind(proto, dims)
    with contextlib.redirect_stdout(io.StringIO()):
        graph = onnx_tool.Model(proto).graph
        graph.graph_reorder_nodes()
        graph.shape_infer()
        graph.profile()
    return int(sum(node.macs[0] for node in graph.nodemap.values() if node.op_type in MAC_OPS))


METHODS = {"loop": by_loop, "onnx-tool": by_onnx_tool}


def peak_bytes():
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024
    except OSError:
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def answer(count, request):
    gc.collect()
    start = time.perf_counter()
    macs = count(request["path"], request["dims"], request["dataPropagation"])
    return {"seconds": time.perf_counter() - start, "macs": macs, "peakBytes": peak_bytes()}


def versions():
    from importlib.metadata import version

    names = ["onnx", "onnx-tool", "numpy", "protobuf"]
    return ", ".join([f"Python {sys.version.split()[0]}", *(f"{name} {version(name)}" for name in names)])


def main():
    if sys.argv[1] == "--versions":
        import onnx_tool  # noqa: F401  (proves that it can be imported)

        print(versions())
        return
    for line in sys.stdin:
        try:
            reply = answer(METHODS[sys.argv[1]], json.loads(line))
        except Exception as error:  # a peer that cannot do a file is a result
            reply = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(reply), flush=True)
        if "--once" in sys.argv:
            return


main()

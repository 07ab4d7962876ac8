// What strangers can hand to joulecast, one row each: sound inputs, and the code that reads them. A reader may refuse with InputError;
// anything else that it throws is a finding. Needs a build: it reads dist/.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";

const dist = (path) => import(new URL(`../../dist/${path}`, import.meta.url));
const fixture = (path) => readFileSync(fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url)));
const text = (bytes) => bytes.toString("utf8");

/** For readers that want a path. */
function inFile(name, read) {
  const path = join(tmpdir(), `joulecast-fuzz-${process.pid}-${name}`);
  return (bytes) => {
    writeFileSync(path, bytes);
    return read(path);
  };
}

async function onnxFiles() {
  const { findNetwork, NetworkBuilder, writeOnnx } = await dist("index.js");
  const { drawnWeights } = await dist("node/model.js");
  const collected = async (graph) => {
    const pieces = [];
    for await (const piece of writeOnnx(graph, drawnWeights)) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  };
  const b = new NetworkBuilder("tiny");
  const x = b.input("x", ["n", 3, 8, 8]);
  const w = b.weight("w", [4, 3, 3, 3], { kind: "uniform", bound: 0.2, seed: 1 });
  b.output(b.layer("Relu", [b.layer("Conv", [x, w], { attributes: { pads: [1, 1, 1, 1] } })]));
  const fixtures = ["cnn", "control", "functions", "old", "sparse", "typed"].map((name) =>
    fixture(`onnx/${name}.onnx`),
  );
  return [
    await collected(b.graph()),
    await collected(findNetwork("transformer-encoder").build({ layers: 1 })).catch(() => fixtures[0]),
    ...fixtures,
  ];
}

const PLAN = `name: small
networks: [zoo:cifar/lenet, zoo:mnist-cnn]
data: random:cifar10
phases: [training, inference]
batch: [16, 32]
learning-rate: [0.1, 0.01]
epochs: 2
repetitions: 3
seed: 7
cool-down: 5s
budget: 50kJ
`;
const TRACE = `run,t_ms,gpu_power_w,epoch\n${Array.from({ length: 40 }, (_, i) => `a,${i * 100},${90 + (i % 5)},${i >> 3}`).join("\n")}\n`;
const RUNS = "run,epochs,energy_j,gpu_tdp_w,gpu_usage_ratio\na,5,1000,250,0.9\nb,10,2000,250,0.8\n";
const SAMPLES = `op,batch,in,out,energy_j\n${Array.from({ length: 12 }, (_, i) => `Conv,${i},16,32,${i * 0.5}`).join("\n")}\n`;
const JSONL = `${Array.from({ length: 6 }, (_, i) => JSON.stringify({ op: "Gemm", batch: i, energyJ: i / 10 })).join("\n")}\n`;
const LOGS = [
  "timestamp, power.draw [W]\n2026/01/01 10:00:00.000, 50.10 W\n2026/01/01 10:00:01.000, 51.10 W\n",
  "#Date       Time        gpu    pwr  gtemp\n#YYYYMMDD   HH:MM:SS    Idx      W      C\n 20260301   10:00:00      0     60     40\n 20260301   10:00:01      0     80     40\n",
  "timestamp,project_name,run_id,duration,emissions,energy_consumed,cpu_energy\n2026-01-01T10:00:00,p,1,10,0.1,0.2,0.1\n",
  "time_s,power_w\n0,10\n1,11\n2,12\n",
  "Delta,Time,PACKAGE_ENERGY (J),CPU_USAGE_0\n0,1000,5.5,10\n200,1200,6.5,11\n",
];
const RECORDING = {
  startS: 0,
  endS: 4,
  marks: [{ name: "epoch", value: 1, timeS: 1 }],
  load: [],
  traces: [
    {
      info: { id: "a", name: "A", domain: "gpu", kind: "integrated", reads: "power", provenance: "made" },
      timeS: Float64Array.of(0, 1, 2),
      values: Float64Array.of(1, 2, Number.NaN),
    },
  ],
};

/** A ZIP archive with one entry, as numpy.savez writes it. */
function zipFile(method) {
  const name = Buffer.from("a.npy");
  const body = Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    Buffer.from([118, 0]),
    Buffer.from("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".padEnd(117) + "\n"),
    Buffer.alloc(8),
  ]);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  const packed = method === 8 ? deflateRawSync(body) : body;
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(body.length, 22);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(method, 10);
  entry.writeUInt32LE(crc32(body), 16);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(body.length, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + packed.length, 16);
  return Buffer.concat([local, name, packed, entry, name, end]);
}

/** Bodies and heads sent to a server, which must answer or hang up, and go on. */
async function httpTarget(open) {
  const { connect } = await import("node:net");
  const { port, request, close } = await open();
  const ask = (bytes) =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      const chunks = [];
      socket.on("data", (chunk) => chunks.push(chunk));
      socket.on("error", () => resolve(Buffer.concat(chunks)));
      socket.on("close", () => resolve(Buffer.concat(chunks)));
      socket.setTimeout(3000, () => socket.destroy());
      socket.write(bytes);
      // A request without its end: whoever sends it hangs up some time.
      setTimeout(() => socket.end(), 150);
      setTimeout(() => reject(new Error("the server neither answered nor hung up")), 8000).unref();
    });
  return {
    corpus: request(port).map((each) => Buffer.from(each)),
    read: async (bytes) => {
      const answer = text(await ask(bytes));
      if (/^HTTP\/1\.1 500/.test(answer)) throw new Error(`answered 500: ${answer.slice(0, 400)}`);
    },
    close,
  };
}

const post =
  (path, body, more = "") =>
  (port) =>
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
const get =
  (path, more = "") =>
  (port) =>
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${more}Connection: close\r\n\r\n`;

/** Name → { corpus, read, close? }. */
export const TARGETS = {
  onnx: async () => {
    const { bytesInMemory, countGraph, readOnnx } = await dist("index.js");
    return {
      corpus: await onnxFiles(),
      read: async (bytes) => countGraph(await readOnnx(bytesInMemory(bytes), "fuzz"), {}),
    };
  },
  plan: async () => {
    const { parsePlan } = await dist("study/plan.js");
    return { corpus: [Buffer.from(PLAN)], read: (bytes) => parsePlan(text(bytes), "plan.yaml") };
  },
  traces: async () => {
    const { traceReader } = await dist("predict/step/trace-lines.js");
    const { readTraceFile } = await dist("cli/commands/projecting/read-traces.js");
    const packed = inFile("t.csv.gz", readTraceFile);
    return {
      corpus: [Buffer.from(TRACE)],
      read: async (bytes) => {
        await packed(
          bytes.length % 4 === 0 ? gzipSync(bytes).subarray(0, 20 + (bytes.length % 300)) : gzipSync(bytes),
        ).catch(inputOnly);
        const reader = traceReader("fuzz");
        for (const line of text(bytes).split("\n")) reader.line(line);
        reader.end();
      },
    };
  },
  runs: async () => {
    const { parseRunsFile } = await dist("predict/step/runs-file.js");
    return { corpus: [Buffer.from(RUNS)], read: (bytes) => parseRunsFile("runs.csv", text(bytes)) };
  },
  samples: async () => {
    const { readSamples } = await dist("predict/layerwise/samples.js");
    return {
      corpus: [Buffer.from(SAMPLES), Buffer.from(JSONL)],
      read: (bytes) => readSamples({ name: bytes[0] === 0x7b ? "s.jsonl" : "s.csv", text: text(bytes) }),
    };
  },
  imports: async () => {
    const { importText } = await dist("measure/imports/table.js");
    return { corpus: LOGS.map((log) => Buffer.from(log)), read: (bytes) => importText(text(bytes)) };
  },
  history: async () => {
    const { readHistory } = await dist("predict/pre/read-history.js");
    const rows = Array.from({ length: 8 }, (_, i) => `net${i % 3},${i + 1},32,${1000 * (i + 1)},${60 * (i + 1)}`);
    return {
      corpus: [Buffer.from(`architecture,epochs,batch,energy_j,duration_s\n${rows.join("\n")}\n`)],
      read: (bytes) => readHistory(text(bytes)),
    };
  },
  recording: async () => {
    const { decodeRecording, encodeRecording } = await dist("measure/recording-json.js");
    const { replayedRecording } = await dist("node/meters/replay.js");
    return {
      corpus: [Buffer.from(encodeRecording(RECORDING))],
      read: (bytes) => replayedRecording(decodeRecording(text(bytes), "fuzz"), "fuzz"),
    };
  },
  journal: async () => {
    const { readJournal } = await dist("node/store/journal-read.js");
    return { corpus: [await journalFile()], read: inFile("j.jnl", readJournal) };
  },
  device: async () => {
    const { parseHardware } = await dist("hardware/parse.js");
    const { InputError } = await dist("units/input-error.js");
    const file = (name) => readFileSync(fileURLToPath(new URL(`../../data/hardware/${name}.json`, import.meta.url)));
    return {
      corpus: ["rtx-3090", "coral-edge-tpu", "horowitz-45nm"].map(file),
      read: (bytes) => parseHardware(parsed(bytes, InputError), "fuzz"),
    };
  },
  predictor: async () => {
    const { parsePredictor } = await dist("predict/layerwise/layerwise-predictor.js");
    const predictor = { schema: "joulecast/predictor/1", digest: "x", ops: [] };
    return { corpus: [Buffer.from(JSON.stringify(predictor))], read: (bytes) => parsePredictor(text(bytes), "fuzz") };
  },
  config: async () => {
    const { readConfig } = await dist("cli/config.js");
    const config = {
      region: "FI",
      estimate: { on: ["a", "b"], batch: 4, training: true },
      measure: { "no-models": true },
    };
    return { corpus: [Buffer.from(JSON.stringify(config))], read: inFile("c.json", readConfig) };
  },
  archive: async () => {
    const { zipEntries } = await dist("node/data/zip.js");
    const { tarFiles } = await dist("node/data/tar.js");
    return {
      corpus: [zipFile(0), zipFile(8), Buffer.concat([Buffer.alloc(512), Buffer.alloc(1024)])],
      read: async (bytes) => {
        await Promise.resolve()
          .then(() => tarFiles(bytes))
          .catch(inputOnly);
        return zipEntries({ name: "fuzz.npz", bytes });
      },
    };
  },
  marks: () =>
    httpTarget(async () => {
      const { startMarkServer } = await dist("node/marks/server.js");
      const server = await startMarkServer({ onMark: () => undefined });
      const body = JSON.stringify({ name: "epoch", value: 3 });
      const requests = [
        post("/mark", body),
        post("/mark", `[${body},${body}]`),
        post("/mark", "epoch 3\nloss 0.5\n"),
        get("/mark"),
      ];
      return {
        port: Number(new URL(server.url).port),
        request: (port) => requests.map((each) => each(port)),
        close: () => server.close(),
      };
    }),
  page: () =>
    httpTarget(async () => {
      const { openStore } = await dist("node/store/runs.js");
      const { startPageServer } = await dist("node/web/page-server.js");
      const home = mkdtempSync(join(tmpdir(), "joulecast-fuzz-page-"));
      writeFileSync(join(home, "index.html"), "<html><head></head><body></body></html>");
      const store = openStore({ home: join(home, "home") });
      const server = await startPageServer({ store, version: "0", machine: {}, folder: home });
      const known = `Cookie: joulecast-${server.port}=${new URL(server.url).searchParams.get("token")}\r\n`;
      const paths = [
        "/",
        "/index.html",
        "/api/runs",
        "/api/runs/abc",
        "/api/models/0",
        "/api/studies/0?seen=x",
        "/../x",
      ];
      return {
        port: server.port,
        request: (port) => paths.flatMap((path) => [get(path, known)(port), get(path)(port)]),
        close: async () => {
          await server.close();
          rmSync(home, { recursive: true, force: true });
        },
      };
    }),
  split: () =>
    httpTarget(async () => {
      const at = (path, ...names) => dist(path).then((module) => names.map((name) => module[name]));
      const { bindDimensions, countWork, findNetwork, inferShapes } = await dist("index.js");
      const [planSplit] = await at("split/plan.js", "planSplit");
      const [cutToText, HEADERS] = await at("node/split/protocol.js", "cutToText", "HEADERS");
      const [opEnergy] = await at("estimate/op-energy.js", "opEnergy");
      const [startSplitServer] = await at("node/split/server.js", "startSplitServer");
      const [onnxRuntime] = await at("node/runtime/onnx-runtime.js", "onnxRuntime");
      const [drawnWeights] = await at("node/model.js", "drawnWeights");
      const [readCatalogue] = await at("node/catalogue.js", "readCatalogue");
      const hardware = (await readCatalogue()).find(({ id }) => id === "horowitz-45nm");
      const shaped = inferShapes(bindDimensions(findNetwork("mnist-cnn").build({ seed: 1 })).graph);
      const { network, table } = planSplit(shaped, countWork(shaped), {
        device: { hardware, metric: opEnergy },
        format: { answer: "device", bits: 8 },
      });
      const server = await startSplitServer({ network, weights: drawnWeights, runtime: onnxRuntime() });
      const cut = table.cuts.at(2);
      const body = "\0".repeat(Math.ceil(cut.sentBits / 8));
      const heads = `${HEADERS.digest}: ${server.digest}\r\n${HEADERS.cut}: ${cutToText(cut.onDevice)}\r\n${HEADERS.bits}: 8\r\n`;
      const requests = [get("/"), post("/infer", body, heads), post("/infer", "", heads), get("/infer")];
      return { port: server.port, request: (port) => requests.map((each) => each(port)), close: () => server.close() };
    }),
  metrics: () =>
    httpTarget(async () => {
      const { startMetricsServer } = await dist("node/metrics-server.js");
      const server = await startMetricsServer({ sources: [] });
      return {
        port: server.port,
        request: (port) =>
          [get("/metrics")(port), get("/"), get("/metrics?x=1")].map((each) =>
            typeof each === "string" ? each : each(port),
          ),
        close: () => server.close(),
      };
    }),
};

function inputOnly(error) {
  if (error?.name !== "InputError") throw error;
}

function parsed(bytes, InputError) {
  try {
    return JSON.parse(text(bytes));
  } catch (error) {
    throw new InputError("bad-device", error.message, "");
  }
}

async function journalFile() {
  const { openJournal } = await dist("node/store/journal.js");
  const folder = mkdtempSync(join(tmpdir(), "joulecast-fuzz-journal-"));
  const info = { id: "a", name: "A", domain: "gpu", kind: "integrated", reads: "power", provenance: "made" };
  const journal = openJournal({
    folder,
    runId: "fuzz",
    startedAt: "2026-01-01T00:00:00.000Z",
    command: "none",
    environment: { joulecast: "0", gpus: [] },
    sources: [info],
    provenance: [],
  });
  for (let i = 0; i < 20; i++) journal.sample(0, i / 10, 50 + i);
  journal.mark({ name: "epoch", value: 1, timeS: 0.5 });
  journal.close({ endS: 2, exitCode: 0 });
  const [name] = readdirSync(folder);
  const bytes = readFileSync(join(folder, name));
  rmSync(folder, { recursive: true });
  return bytes;
}

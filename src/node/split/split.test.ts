// Device and server for real: two halves over HTTP on this machine, a made-up clock in place of waiting. What is equal, what is accounted,
// what is refused, and what happens when the server is gone.
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { opEnergy } from "../../estimate/op-energy.ts";
import { bindDimensions } from "../../graph/bind.ts";
import type { Graph } from "../../graph/graph.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import { seededRandom } from "../../math/random.ts";
import type { Tensors } from "../../runtime/runtime.ts";
import { lengthOf } from "../../runtime/tensor.ts";
import { Airtime } from "../../split/airtime.ts";
import { findCut } from "../../split/cuts.ts";
import type { FeatureBits } from "../../split/features.ts";
import { planSplit } from "../../split/plan.ts";
import { uplink } from "../../split/radio.ts";
import { countWork } from "../../work/count.ts";
import { chooseNetwork } from "../../zoo/catalogue.ts";
import { readCatalogue } from "../catalogue.ts";
import { drawnWeights } from "../model.ts";
import { onnxRuntime } from "../runtime/onnx-runtime.ts";
import { SplitClient } from "./client.ts";
import { ask, askAbout, fetchModel, type SplitClock, serverUrl } from "./connect.ts";
import { HalvesCache } from "./halves.ts";
import { cutFromText, cutToText, digestOf, HEADERS, messageBytes, PATHS } from "./protocol.ts";
import { type SplitServer, startSplitServer } from "./server.ts";

const hardware = (await readCatalogue()).find(({ id }) => id === "horowitz-45nm")!;
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

/** Time that passes only by waiting. */
function madeClock(): SplitClock & { readonly waited: number[] } {
  const waited: number[] = [];
  let now = 0;
  return {
    waited,
    nowS: () => now,
    waitS: async (seconds) => {
      waited.push(seconds);
      now += seconds;
    },
  };
}

function prepared(name: string, optimise = true, bits: FeatureBits = 32) {
  const { network, options } = chooseNetwork(name);
  const graph: Graph = network.build({ ...options, seed: 1 });
  const shaped = inferShapes(bindDimensions(graph).graph);
  const planned = planSplit(shaped, countWork(shaped), {
    device: { hardware, metric: opEnergy },
    format: { answer: "device", bits },
  });
  const runtime = onnxRuntime({ optimise });
  const halves = new HalvesCache({ network: planned.network, weights: drawnWeights, runtime });
  closing.push(() => halves.close());
  return { planned, runtime, halves };
}

async function served(of: ReturnType<typeof prepared>): Promise<SplitServer> {
  const server = await startSplitServer({ network: of.planned.network, weights: drawnWeights, runtime: of.runtime });
  closing.push(() => server.close());
  return server;
}

function inputOf({ planned }: ReturnType<typeof prepared>): Tensors {
  const random = seededRandom(7);
  const { graph } = planned.network.shaped;
  return Object.fromEntries(
    graph.inputs.map((name) => {
      const shape = graph.tensors.get(name)!.shape as readonly number[];
      return [
        name,
        { dtype: "float32", shape, data: Float32Array.from({ length: lengthOf(shape) }, () => random.uniform()) },
      ];
    }),
  );
}

const link = uplink({ bandwidthHz: 15e6 });
const still = (gain: number) =>
  new Airtime({ timeS: Float64Array.of(0), gainRatio: Float64Array.of(gain) }, link.rateBps);

function clientOf(
  of: ReturnType<typeof prepared>,
  server: Pick<SplitServer, "url" | "digest">,
  after: string,
  more = {},
) {
  return new SplitClient({
    server: new URL(server.url),
    digest: server.digest,
    table: of.planned.table,
    halves: of.halves,
    link,
    airtime: still(0.5),
    bits: 32,
    cut: of.planned.table.cuts.indexOf(findCut(of.planned.table.cuts, after)),
    clock: madeClock(),
    ...more,
  });
}

const mnist = prepared("zoo:mnist-cnn:width=0.25", false);
const server = await served(mnist);
const feeds = inputOf(mnist);
const truth = await mnist.halves.whole(feeds);
const [answerName] = mnist.planned.network.shaped.graph.outputs as [string];

describe("a split network", () => {
  it("gives the same bits as the whole one at every cut, graph optimisation off", async () => {
    for (const { after } of mnist.planned.table.cuts) {
      const one = await clientOf(mnist, server, after).infer(feeds, 0);
      expect(one.why).toBeUndefined();
      expect(one.finishedBy).toBe(after === "softmax" ? "device" : "server");
      expect([...one.outputs[answerName]!.data]).toEqual([...truth[answerName]!.data]);
    }
  });
  it("is within 1e-5 of it with optimisation on, in a network that branches", async () => {
    const branching = prepared("zoo:cifar/shufflenet-v2");
    const own = await served(branching);
    const given = inputOf(branching);
    const whole = await branching.halves.whole(given);
    const name = branching.planned.network.shaped.graph.outputs[0]!;
    const inside = branching.planned.table.cuts.filter(({ sent }) => sent.length > 1)[0]!.after;
    for (const after of [inside, branching.planned.table.cuts[20]!.after]) {
      const { outputs } = await clientOf(branching, own, after).infer(given, 0);
      const most = Math.max(...[...(whole[name]!.data as Float32Array)].map(Math.abs));
      outputs[name]!.data.forEach((value, i) => {
        expect(Math.abs(Number(value) - Number(whole[name]!.data[i])) / most).toBeLessThan(1e-5);
      });
    }
  });
  it("costs what the plan says, at the pace of the link", async () => {
    const clock = madeClock();
    const one = await clientOf(mnist, server, "pool2", { clock }).infer(feeds, 0);
    const table = mnist.planned.table;
    const cut = table.cuts.findIndex(({ after }) => after === "pool2");
    expect(one.sentBytes * 8).toBe(table.bits[cut]);
    expect(one.spent.airtimeS).toBeCloseTo((one.sentBytes * 8) / link.rateBps(0.5), 9);
    expect(one.spent.radioJ / one.planned.radioJ).toBeCloseTo(1, 9);
    expect(one.spent.processingJ).toBe(table.deviceJ[cut]);
    expect(one.spent.totalJ).toBe(one.spent.processingJ + one.spent.radioJ);
    expect(clock.waited.reduce((sum, waited) => sum + waited, 0)).toBeCloseTo(one.spent.airtimeS, 12);
    expect(clock.waited.length).toBeGreaterThan(4);
  });
  it("sends nothing before the link has carried it, though timers fire early", async () => {
    const clock = madeClock();
    const early: SplitClock = { nowS: clock.nowS, waitS: (seconds) => clock.waitS(seconds * 0.6 + 1e-9) };
    const one = await clientOf(mnist, server, "pool2", { clock: early }).infer(feeds, 0);
    expect(one.finishedBy).toBe("server");
    expect(one.spent.airtimeS).toBeGreaterThanOrEqual(one.planned.airtimeS);
  });
  it("sends less in fewer bits, and still answers", async () => {
    for (const [bits, tolerance] of [
      [16, 1e-2],
      [8, 0.05],
      [4, 0.5],
    ] as const) {
      const one = await clientOf(mnist, server, "pool2", { bits }).infer(feeds, 0);
      expect(one.sentBytes).toBeLessThan((bits / 32) * 8 * 49 * 4 + 20);
      one.outputs[answerName]!.data.forEach((value, i) => {
        expect(Math.abs(Number(value) - Number(truth[answerName]!.data[i]))).toBeLessThan(tolerance);
      });
    }
  });
  it("chooses by the channel: more on the device the worse it is, all of it when closed", async () => {
    const layersAt = async (gain: number) => {
      const one = await new SplitClient({
        server: new URL(server.url),
        digest: server.digest,
        table: mnist.planned.table,
        halves: mnist.halves,
        link,
        airtime: still(gain),
        bits: 32,
        clock: madeClock(),
      }).infer(feeds, 0);
      return { layers: findCut(mnist.planned.table.cuts, one.cut).layers, one };
    };
    const [good, bad, closed] = [await layersAt(100), await layersAt(1e-3), await layersAt(0)];
    expect(good.layers).toBeLessThan(bad.layers);
    expect(closed.one).toMatchObject({ finishedBy: "device", sentBytes: 0, cut: "softmax" });
  });
});

describe("a device alone", () => {
  const finishes = async (client: SplitClient, why: RegExp) => {
    const one = await client.infer(feeds, 0);
    expect(one.finishedBy).toBe("device");
    expect(one.why).toMatch(why);
    expect([...one.outputs[answerName]!.data]).toEqual([...truth[answerName]!.data]);
    expect(one.spent.processingJ).toBe(mnist.planned.table.deviceJ[mnist.planned.table.local]);
    return one;
  };
  it("finishes when nobody listens", async () => {
    const gone = await served(mnist);
    await gone.close();
    const one = await finishes(clientOf(mnist, gone, "pool1"), /ECONNREFUSED/);
    // Nobody took a byte, and the radio was on for none.
    expect(one.sentBytes).toBe(0);
    expect(one.spent).toMatchObject({ radioJ: 0, airtimeS: 0 });
  });
  it("finishes when the link is closed or too slow", async () => {
    const closed = await finishes(clientOf(mnist, server, "pool1", { airtime: still(0) }), /link carries nothing/);
    expect(closed.spent.radioJ).toBe(0);
    await finishes(clientOf(mnist, server, "pool1", { airtime: still(1e-9) }), /sending would take/);
  });
  /** A server that answers every request the same way. */
  const odd = async (answer: (server: Server) => Server): Promise<string> => {
    const one = answer(createServer());
    await new Promise<void>((done) => one.listen(0, "127.0.0.1", done));
    closing.push(async () => {
      one.closeAllConnections();
      await new Promise((done) => one.close(done));
    });
    return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
  };
  it("finishes when the server says nothing, nonsense or breaks off", async () => {
    const silent = await odd((one) => one.on("request", (request) => request.resume()));
    await finishes(clientOf(mnist, { ...server, url: silent }, "pool1", { patienceS: 0.05 }), /no answer within/);
    const nonsense = await odd((one) =>
      one.on("request", (request, response) => request.resume().on("end", () => response.end("?"))),
    );
    await finishes(clientOf(mnist, { ...server, url: nonsense }, "pool1"), /no answer/);
    const broken = await odd((one) => one.on("request", (request) => request.socket.destroy()));
    await finishes(clientOf(mnist, { ...server, url: broken }, "pool1"), /./);
    const refusing = await odd((one) =>
      one.on("request", (request, response) => request.resume().on("end", () => response.writeHead(500).end("{}"))),
    );
    await finishes(clientOf(mnist, { ...server, url: refusing }, "pool1"), /refuses \(500/);
  });
});

describe("a server", () => {
  const base = new URL(server.url);
  const post = (headers: Record<string, string>, body: Uint8Array) =>
    ask(base, { method: "POST", path: PATHS.infer, headers, body, timeoutS: 5 });
  const { layers } = mnist.planned.network;
  const none = cutToText(new Uint8Array(layers.length));
  const right = { [HEADERS.digest]: server.digest, [HEADERS.cut]: none, [HEADERS.bits]: "32" };
  const codeOf = (reply: { readonly body: Uint8Array }) => JSON.parse(Buffer.from(reply.body).toString()).code;

  it("tells what it is, and hands out its model", async () => {
    const about = await askAbout(base);
    expect(about).toMatchObject({ protocol: 1, digest: server.digest, layers: layers.length });
    expect(digestOf(await fetchModel(base, about))).toBe(server.digest);
    await expect(askAbout(new URL(`${server.url}/elsewhere`))).resolves.toMatchObject({ protocol: 1 });
    expect(() => serverUrl("ftp://x")).toThrow(/no address/);
    expect(() => serverUrl("what")).toThrow(/no address/);
  });
  it("refuses another model: the device says so", async () => {
    const other = clientOf(mnist, { ...server, digest: "0".repeat(64) }, "pool1");
    await expect(other.infer(feeds, 0)).rejects.toThrow(/different models/);
  });
  it("refuses what is no request, and goes on", async () => {
    const body = new Uint8Array(28 * 28 * 4);
    expect((await post(right, body)).status).toBe(200);
    expect(codeOf(await post({ ...right, [HEADERS.digest]: "" }, body))).toBe("other-model");
    expect(codeOf(await post({ ...right, [HEADERS.bits]: "7" }, body))).toBe("bad-bits");
    expect(codeOf(await post({ ...right, [HEADERS.cut]: "zz" }, body))).toBe("bad-cut");
    const gap = cutToText(Uint8Array.from(layers, (_, i) => (i === 1 ? 1 : 0)));
    expect(codeOf(await post({ ...right, [HEADERS.cut]: gap }, body))).toBe("bad-cut");
    expect(await post(right, body.subarray(4))).toMatchObject({ status: 400 });
    expect(await post(right, new Uint8Array(body.length + 1))).toMatchObject({ status: 413 });
    expect((await ask(base, { method: "GET", path: "/etc/passwd", timeoutS: 5 })).status).toBe(404);
    expect((await ask(base, { method: "GET", path: PATHS.infer, timeoutS: 5 })).status).toBe(405);
    const foreign = { headers: { host: "evil.example" }, method: "GET", path: "/", timeoutS: 5 } as const;
    expect((await ask(base, foreign)).status).toBe(403);
    expect((await post(right, body)).status).toBe(200);
  });
  it("is not moved by bytes that are no HTTP, or half a request", async () => {
    for (const text of ["\0\0\0\0", "POST /infer HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 3136\r\n\r\nab"]) {
      await new Promise<void>((done) => {
        const socket = connect(server.port, "127.0.0.1", () => {
          socket.write(text);
          socket.end();
        });
        socket.resume();
        socket.on("error", () => undefined);
        socket.on("close", () => done());
      });
    }
    expect((await post(right, new Uint8Array(28 * 28 * 4))).status).toBe(200);
  });
  it("says when its port is taken", async () => {
    const { planned, runtime } = mnist;
    const again = startSplitServer({ network: planned.network, weights: drawnWeights, runtime, port: server.port });
    await expect(again).rejects.toThrow(/another program listens/);
  });
  it("has a limit of what is sent, whatever the cut", () => {
    const types = new Map([["huge", { dtype: "float32", shape: [2 ** 27] } as const]]);
    expect(() => messageBytes(["huge"], types, 32)).toThrow(/takes 536870912 bytes, at most/);
    expect(messageBytes(["huge"], types, 8)).toBe(2 ** 27 + 8);
    expect(() => messageBytes(["gone"], types, 32)).toThrow(/no type or size/);
  });
  it("understands cuts as text", () => {
    const bits = Uint8Array.of(1, 0, 1, 1, 0, 1);
    expect(cutToText(bits)).toBe("b4");
    expect([...cutFromText("b4", 6)]).toEqual([...bits]);
    expect(() => cutFromText("b", 6)).toThrow(/no cut/);
  });
});

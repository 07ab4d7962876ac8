import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { addressHere, sendMark } from "./client.ts";
import type { SaidMark } from "./line.ts";
import { type MarkServer, type MarkServerOptions, startMarkServer } from "./server.ts";

let server: MarkServer | undefined;
let marks: (SaidMark & { timeS: number })[];

async function listen(onMark?: MarkServerOptions["onMark"]): Promise<MarkServer> {
  marks = [];
  let timeS = 0;
  const clock = () => ++timeS;
  server = await startMarkServer({ clock, onMark: onMark ?? ((mark, at) => void marks.push({ ...mark, timeS: at })) });
  return server;
}

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Writes to the socket, ends, and gives what came back. */
async function say(path: string, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(path);
  let answer = "";
  socket.on("data", (bytes) => {
    answer += bytes;
  });
  for (const piece of pieces) socket.write(piece);
  socket.end();
  await once(socket, "close");
  return answer;
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/mark`, { method: "POST", body, headers });

const names = () => marks.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`));

describe("the socket", () => {
  it("takes lines in order, also in pieces and without a newline at the end", async () => {
    const { socketPath } = await listen();
    expect(await say(socketPath, "epoch 1\nepo", "ch 2\n\nwindow-open a\n", "end")).toBe("ok\n");
    expect(names()).toEqual(["epoch=1", "epoch=2", "window-open=a", "end"]);
    const times = marks.map(({ timeS }) => timeS);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it("throws away what is too long or no mark, and takes the rest", async () => {
    const { socketPath, counts } = await listen();
    const answer = await say(
      socketPath,
      `${"x".repeat(200_000)}\nepoch 1\n`,
      Buffer.from([0, 255, 10]),
      "{bad\nepoch 2\n",
    );
    expect(answer).toMatch(/^refused: a line longer/);
    expect(names()).toEqual(["epoch=1", "epoch=2"]);
    expect(counts().taken).toBe(2);
    expect(counts().refused).toBeGreaterThanOrEqual(2);
  });

  it("outlives a program that ends in the middle of a line", async () => {
    const { socketPath } = await listen();
    const socket = connect(socketPath);
    await once(socket, "connect");
    socket.write("epoch 1\nepo");
    socket.destroy();
    expect(await say(socketPath, "after\n")).toBe("ok\n");
    expect(names()).toContain("after");
  });

  it("reads no faster than marks are taken", async () => {
    let waiting = 0;
    let most = 0;
    let taken = 0;
    const { socketPath } = await listen(async () => {
      most = Math.max(most, ++waiting);
      await new Promise((resolve) => setImmediate(resolve));
      waiting--;
      taken++;
    });
    expect(await say(socketPath, "epoch 1\n".repeat(2000))).toBe("ok\n");
    expect({ most, taken }).toEqual({ most: 1, taken: 2000 });
  });

  it("goes away when it is closed", async () => {
    const { socketPath, close } = await listen();
    await close();
    server = undefined;
    expect(existsSync(socketPath)).toBe(false);
    await expect(sendMark({ name: "epoch" }, { socketPath })).rejects.toMatchObject({ code: "no-measurement" });
  });
});

describe("HTTP", () => {
  it("takes a JSON object, a list, or lines", async () => {
    const { url } = await listen();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await post(url, '{"name":"epoch","value":3}')).status).toBe(204);
    expect((await post(url, '[{"name":"a"},{"name":"b","value":"x"}]')).status).toBe(204);
    expect((await post(url, "window-open w\nwindow-close w\n")).status).toBe(204);
    expect(names()).toEqual(["epoch=3", "a", "b=x", "window-open=w", "window-close=w"]);
  });

  it.each([
    ["", 400],
    ["{", 400],
    ['{"value":1}', 400],
    ["x".repeat(70_000), 413],
  ])("refuses a body with its reason (%#)", async (body, status) => {
    const { url } = await listen();
    const response = await post(url, body);
    expect(response.status).toBe(status);
    expect((await response.text()).trim()).not.toBe("");
    expect(marks).toEqual([]);
  });

  it("refuses other paths, other methods, and pages in a browser", async () => {
    const { url } = await listen();
    expect((await fetch(`${url}/other`, { method: "POST", body: "a" })).status).toBe(404);
    expect((await fetch(`${url}/mark`)).status).toBe(405);
    expect((await post(url, "epoch 1", { origin: "https://example.org" })).status).toBe(403);
    expect(marks).toEqual([]);
  });
});

describe("sendMark", () => {
  it("sends one mark", async () => {
    const { socketPath } = await listen();
    await sendMark({ name: "epoch", value: 3 }, { socketPath });
    expect(names()).toEqual(["epoch=3"]);
  });

  it("takes HTTP where there is no socket", async () => {
    const { url, socketPath } = await listen();
    await sendMark({ name: "epoch", value: 4 }, { socketPath: "", url });
    expect(names()).toEqual(["epoch=4"]);
    await sendMark({ name: "epoch", value: 5 }, { socketPath, url });
    expect(names()).toEqual(["epoch=4", "epoch=5"]);
    await expect(sendMark({ name: "epoch" }, { url: `${url}/other` })).rejects.toMatchObject({ code: "bad-mark" });
    await server!.close();
    server = undefined;
    await expect(sendMark({ name: "epoch" }, { url })).rejects.toMatchObject({
      code: "no-measurement",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("finds both addresses in the environment", () => {
    expect(addressHere({ JOULECAST_SOCKET: "/s", JOULECAST_URL: "http://127.0.0.1:1" })).toEqual({
      socketPath: "/s",
      url: "http://127.0.0.1:1",
    });
  });

  it("says what is wrong", async () => {
    const { socketPath } = await listen();
    await expect(sendMark({ name: "window-open" }, { socketPath })).rejects.toMatchObject({ code: "bad-mark" });
    await expect(sendMark({ name: "epoch" }, {})).rejects.toMatchObject({ code: "no-measurement" });
  });
});

const python = ["python3", "python"].find((name) => spawnSync(name, ["-c", "pass"]).status === 0);

describe.skipIf(python === undefined)("Python, skipped where there is none", () => {
  it.each([
    ["HTTP", 'import os, urllib.request as u\nu.urlopen(os.environ["JOULECAST_URL"] + "/mark", b"epoch 3")'],
    [
      "the socket",
      'import os, socket\ns = socket.socket(socket.AF_UNIX); s.connect(os.environ["JOULECAST_SOCKET"]); s.sendall(b"epoch 3\\n")',
    ],
  ])("sets a mark over %s in two lines", async (_, program) => {
    let took: () => void = () => undefined;
    const taken = new Promise<void>((resolve) => {
      took = resolve;
    });
    const seen: SaidMark[] = [];
    const { env } = await listen((mark) => {
      seen.push(mark);
      took();
    });
    const child = spawn(python!, ["-c", program], { env: { ...process.env, ...env }, stdio: "inherit" });
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    await taken;
    expect(seen).toEqual([{ name: "epoch", value: 3 }]);
  });
});

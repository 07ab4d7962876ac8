import { describe, expect, it } from "vitest";
import { type HostFacts, readEnvironment } from "./environment.ts";

const HOST: HostFacts = {
  node: "20.20.2",
  architecture: "arm64",
  kernel: "6.1.0",
  cpuModel: "Test CPU",
  cores: 4,
  memoryBytes: 8e9,
};

function machine(files: Readonly<Record<string, string>>, platform: "linux" | "darwin" = "linux") {
  const readText = (path: string) => (files[path] === undefined ? { errno: "ENOENT" } : { text: files[path] });
  return { platform, readText };
}

describe("the environment of a run", () => {
  it("says what can be known and leaves out the rest", () => {
    const files = {
      "/etc/os-release": 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
      "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n",
    };
    expect(readEnvironment(machine(files), { version: "1.2.3", gpus: ["H200"], host: HOST })).toEqual({
      ...HOST,
      joulecast: "1.2.3",
      platform: "linux",
      os: "Debian GNU/Linux 12 (bookworm)",
      governor: "performance",
      gpus: ["H200"],
    });
    expect(readEnvironment(machine({}), { version: "1", host: HOST })).toEqual({
      ...HOST,
      joulecast: "1",
      platform: "linux",
      gpus: [],
    });
    expect(readEnvironment(machine(files, "darwin"), { version: "1", host: HOST })).not.toHaveProperty("os");
  });

  it.each([
    [{ "/proc/1/cgroup": "0::/docker/abc\n" }, "docker"],
    [{ "/proc/1/cgroup": "0::/kubepods.slice/docker-abc\n" }, "kubernetes"],
    [{ "/.dockerenv": "" }, "docker"],
    [{ "/run/.containerenv": "" }, "podman"],
    [{ "/proc/1/cgroup": "0::/init.scope\n" }, undefined],
  ])("sees from %o the container %s", (files, container) => {
    expect(readEnvironment(machine(files as Record<string, string>), { version: "1", host: HOST }).container).toBe(
      container,
    );
  });

  it("below another root is of the machine that the files tell of, and of a replay says nothing", () => {
    const files = {
      "/proc/cpuinfo": "processor\t: 0\nmodel name\t: Other CPU\nprocessor\t: 1\nmodel name\t: Other CPU\n",
      "/proc/meminfo": "MemTotal:       16384 kB\n",
      "/proc/sys/kernel/osrelease": "5.15.0\n",
    };
    expect(readEnvironment({ ...machine(files), root: "/tree" }, { version: "1" })).toEqual({
      joulecast: "1",
      node: process.versions.node,
      platform: "linux",
      kernel: "5.15.0",
      cpuModel: "Other CPU",
      cores: 2,
      memoryBytes: 16384 * 1024,
      gpus: [],
    });
    const bare = readEnvironment({ ...machine({}), root: "/tree" }, { version: "1" });
    for (const name of ["cpuModel", "cores", "memoryBytes", "kernel"]) expect(bare).not.toHaveProperty(name);
    const replayed = readEnvironment(machine(files), { version: "1", replayed: true });
    expect(replayed).toEqual({ joulecast: "1", node: process.versions.node, gpus: [] });
  });

  it("of this machine holds neither its name nor its user nor its variables", () => {
    process.env.JOULECAST_TEST_SECRET = "s3cr3t-value";
    const text = JSON.stringify(readEnvironment(machine({}), { version: "1" }));
    delete process.env.JOULECAST_TEST_SECRET;
    expect(text).not.toContain("s3cr3t-value");
    expect(Object.keys(JSON.parse(text)).sort()).toEqual(
      ["architecture", "cores", "cpuModel", "gpus", "joulecast", "kernel", "memoryBytes", "node", "platform"].sort(),
    );
  });
});

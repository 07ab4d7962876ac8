// What the command line says, asked in the background while the browser works, each question once.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { MAIN } from "../stories/run-cli.ts";

const run = promisify(execFile);
const asked = new Map<string, Promise<unknown>>();

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON of many commands
export function told(args: readonly string[]): Promise<any> {
  const key = JSON.stringify(args);
  const known = asked.get(key);
  if (known !== undefined) return known;
  const answer = run(process.execPath, [MAIN, ...args, "--json"], { maxBuffer: 64 * 2 ** 20 }).then(
    ({ stdout }) => JSON.parse(stdout).result,
  );
  // Whoever awaits it hears of a failure; nobody may, in a test that has failed before.
  answer.catch(() => undefined);
  asked.set(key, answer);
  return answer;
}

/** Joules of one inference, from `joulecast estimate`. */
export async function perInferenceJ(args: readonly string[], metric: string, device: string): Promise<number> {
  const { estimates } = (await told(["estimate", ...args])) as {
    estimates: readonly { device: string; metric: string; perInferenceJ: number }[];
  };
  return estimates.find((each) => each.metric === metric && each.device === device)!.perInferenceJ;
}

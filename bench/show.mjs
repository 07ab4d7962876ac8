// How benchmarks print: the machine they ran on, a Markdown table, numbers in the unit that fits, medians.
import { cpus, loadavg, totalmem } from "node:os";

/** "AMD EPYC, 2 cores, 23 GiB, Linux x64, Node 20.20.2, load 0.4": the line above every table. */
export function machineLine() {
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = loadavg()[0].toFixed(1);
  return `${cores[0].model.trim()}, ${cores.length} cores, ${memory} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}, load ${load} at the start`;
}

/** @param {readonly number[]} values at least one */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Two or three significant digits: 0.00321 s → "3.21 ms". */
export function duration(seconds) {
  return seconds < 1 ? `${(seconds * 1000).toPrecision(3)} ms` : `${seconds.toPrecision(3)} s`;
}

export function megabytes(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toPrecision(3)} GB` : `${Math.round(bytes / 1e5) / 10} MB`;
}

/** How many times longer the other took: "41×", below ten with a digit. */
export function times(other, ours) {
  const ratio = other / ours;
  return `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString("en-US")}×`;
}

/**
 * @param {readonly string[]} head column titles; all but the first are aligned right
 * @param {readonly (readonly string[])[]} rows
 */
export function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

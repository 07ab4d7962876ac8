// Reads Prometheus' text format 0.0.4 the way a scraper does, and refuses what a scraper refuses [PromText]. For tests.

export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|[-+0-9.eE]+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/y;
const ESCAPES: Readonly<Record<string, string>> = { "\\\\": "\\", '\\"': '"', "\\n": "\n" };

function labelsOf(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`labels cannot be read: ${line}`);
    if (match[1]! in labels) throw new Error(`a label is there twice: ${line}`);
    labels[match[1]!] = match[2]!.replace(/\\[\\"n]/g, (escaped) => ESCAPES[escaped]!);
  }
  return labels;
}

/** All samples. Throws when the text breaks a rule: HELP and TYPE once and first, families in one piece, no series twice, an end of line. */
export function parseExposition(text: string): readonly ExposedSample[] {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no end");
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const series = new Set<string>();
  const samples: ExposedSample[] = [];
  let family: string | undefined;
  for (const line of text.split("\n").slice(0, -1)) {
    const [, keyword, about, rest] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword === "HELP") {
      if (helped.has(about!)) throw new Error(`HELP is there twice: ${about}`);
      helped.add(about!);
      family = about;
    } else if (keyword === "TYPE") {
      if (types.has(about!)) throw new Error(`TYPE is there twice: ${about}`);
      if (rest === "counter" && !about!.endsWith("_total")) throw new Error(`a counter without _total: ${about}`);
      types.set(about!, rest!);
      family = about;
    } else {
      const [, name, labelText = "", value] = SAMPLE.exec(line) ?? [];
      if (name === undefined) throw new Error(`not a sample: ${line}`);
      if (name !== family || !types.has(name)) throw new Error(`outside its family: ${line}`);
      const labels = labelsOf(labelText, line);
      const key = JSON.stringify([name, Object.entries(labels).sort()]);
      if (series.has(key)) throw new Error(`the same series twice: ${line}`);
      series.add(key);
      samples.push({ name, labels, value: Number(value!.replace("Inf", "Infinity")) });
    }
  }
  return samples;
}

// `joulecast help studies`.
import type { Topic } from "./topic.ts";

export const studies: Topic = {
  title: "Many measurements by one plan",
  text: `A plan (YAML) says what is crossed with what: networks, batch sizes, learning
rates, repetitions. \`study run\` runs what is missing and can be killed and
started again at any time: each finished trial is a file in the study's folder.

  $ joulecast study run plan.yaml --dry-run      what it would take
  $ joulecast study run plan.yaml
  $ joulecast study report study-NAME            tables, correlations, Pareto
  $ joulecast study verify study-NAME            are the trials what they say?

Several machines share a study through a PostgreSQL queue (--store, \`joulecast
agent\`) or as an array of Slurm jobs. An agent runs what the plan's owner wrote:
give it a database of your own, see SECURITY.md.

Correlations have intervals and the number of trials; a difference that several
comparisons were tried for is corrected for that.`,
};

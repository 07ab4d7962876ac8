// The study that is shown, by the word that stands for it in the address: "served:0", followed while it goes on, or "file:report.json".
import { useEffect, useState } from "preact/hooks";
import type { StudyState } from "../../study/study-state.ts";
import { InputError } from "../../units/input-error.ts";
import { fromServer } from "../server.ts";
import { MOST_BYTES, readStudyText } from "./study-file.ts";
import { type StudyShown, shownState } from "./study-shown.ts";

/** Time between two looks at a study, ms: while it goes on, and while it does not. */
const LOOK_MS = 2000;
const REST_MS = 10_000;

const files = new Map<string, File>();

/** Remembers a file; its word for the address. */
export function openStudyFile(file: File): string {
  const word = `file:${file.name}`;
  files.set(word, file);
  return word;
}

export interface OpenedStudy {
  readonly study?: StudyShown;
  readonly error?: InputError;
}

async function readStudyFile(word: string): Promise<StudyShown> {
  const file = files.get(word);
  const name = word.slice("file:".length);
  if (file === undefined)
    throw new InputError(
      "not-open",
      `this link is to the file ${name}`,
      "the file stayed on its machine: open it again",
    );
  if (file.size > MOST_BYTES)
    throw new InputError("no-study-file", `${name} has more than ${MOST_BYTES} bytes`, "give the report instead");
  return readStudyText(await file.text(), name);
}

/** Looks again and again. @returns stops it */
function follow(id: string, update: (change: (before: OpenedStudy) => OpenedStudy) => void): () => void {
  let timer: number | undefined;
  let isOver = false;
  let seen = "";
  let isGoing = true;
  const look = async () => {
    try {
      // Nobody sees a page in the background.
      if (document.hidden) return;
      const answer = await fromServer<StudyState | { readonly seen: string }>(`studies/${id}?seen=${seen}`);
      if (isOver) return;
      seen = answer.seen;
      const study = "records" in answer ? shownState(answer) : undefined;
      isGoing = study?.progress.isGoing ?? isGoing;
      update((before) => (study !== undefined ? { study } : before.study === undefined ? {} : { study: before.study }));
    } catch (problem) {
      if (!(problem instanceof InputError)) throw problem;
      // What was seen stays to be read.
      if (!isOver) update((before) => ({ ...before, error: problem }));
    } finally {
      if (!isOver) timer = window.setTimeout(() => void look(), isGoing ? LOOK_MS : REST_MS);
    }
  };
  void look();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** @param opened counts files that were opened: the same name may be opened again with other content */
export function useStudy(word: string | undefined, opened: number): OpenedStudy {
  const [state, setState] = useState<OpenedStudy>({});
  useEffect(() => {
    setState({});
    if (word === undefined) return;
    if (word.startsWith("served:")) return follow(word.slice("served:".length), setState);
    let isOver = false;
    readStudyFile(word).then(
      (study) => isOver || setState({ study }),
      (problem: unknown) =>
        isOver ||
        setState({ error: problem instanceof InputError ? problem : new InputError("bug", String(problem), "") }),
    );
    return () => {
      isOver = true;
    };
  }, [word, opened]);
  return state;
}

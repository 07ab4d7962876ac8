// Networks that the user opened, by the word that stands for them in the address: "zoo:vgg16", "file:net.onnx", "served:0".
// Files stay in memory as handles for as long as the page lives; an address alone cannot bring one back.
import { useEffect, useState } from "preact/hooks";
import { InputError } from "../../units/input-error.ts";
import { ask } from "../engine/client.ts";
import type {
  Catalogue,
  Estimated,
  LoadedModel,
  ModelSource,
  Question,
  Replies,
  Request,
  SplitAnswer,
  SplitQuestion,
} from "../engine/messages.ts";
import type { ServedModel } from "../server.ts";

const files = new Map<string, File>();
/** Told when a file was opened again, under a name that is shown already. */
const listeners = new Set<() => void>();

const isSame = (a: File, b: File): boolean => a.size === b.size && a.lastModified === b.lastModified;

/** Remembers a file; its word for the address. Two files of one name (before and after pruning) are told apart by a number. */
export function openFile(file: File): string {
  let word = `file:${file.name}`;
  for (let i = 2; files.has(word) && !isSame(files.get(word)!, file); i++) word = `file:${file.name} (${i})`;
  files.set(word, file);
  for (const listener of listeners) listener();
  return word;
}

/** Words of the files that were opened, in that order. */
export const openedFiles = (): readonly string[] => [...files.keys()];

function sourceOf(word: string, served: readonly ServedModel[]): ModelSource {
  if (word.startsWith("file:")) {
    const file = files.get(word);
    if (file !== undefined) return { kind: "file", file };
    const name = word.slice("file:".length);
    throw new InputError(
      "not-open",
      `this link is to the file ${name}`,
      "the file stayed on its machine: open it again",
    );
  }
  if (word.startsWith("served:")) {
    const model = served.find(({ id }) => `served:${id}` === word);
    if (model !== undefined)
      return {
        kind: "served",
        // The worker stands elsewhere: its relative addresses are not the page's.
        url: new URL(`api/models/${model.id}`, document.baseURI).href,
        name: model.name,
        sizeBytes: model.sizeBytes,
      };
    throw new InputError(
      "not-served",
      "the local server no longer offers that file",
      "start `joulecast serve FILE` again",
    );
  }
  return { kind: "zoo", name: word };
}

let known: Promise<Catalogue> | undefined;

/** Devices, networks and regions of the package; undefined while the worker starts. */
export function useCatalogue(): Catalogue | undefined {
  const [catalogue, setCatalogue] = useState<Catalogue>();
  useEffect(() => {
    known ??= ask<"catalogue">({ kind: "catalogue" });
    void known.then(setCatalogue);
  }, []);
  return catalogue;
}

/** What is known of a network: the last answer stays while the next one is worked out. */
export interface Opened<A = Estimated> {
  readonly model: LoadedModel | undefined;
  readonly estimated: A | undefined;
  readonly error: InputError | undefined;
  readonly isBusy: boolean;
}

const NOTHING: Opened<never> = { model: undefined, estimated: undefined, error: undefined, isBusy: false };

export const OPEN_DIMENSION = "unbound-dimension";

/** Next steps on the page, where the command line has options and commands. */
const HINTS: Readonly<Record<string, string>> = {
  [OPEN_DIMENSION]: "fill in its length among the controls",
  "unknown-network": "choose one from the list, or open a file",
  "unknown-device": "choose one among the controls",
  "unknown-region": "choose one among the controls",
};

function asInputError(error: unknown): InputError {
  if (!(error instanceof InputError)) return new InputError("bug", String(error), "please report it");
  return new InputError(error.code, error.message, HINTS[error.code] ?? error.hint);
}

type Asking = "estimate" | "split";

/** Loads `word` and asks `question` of that kind about it, anew whenever one of them changes. */
function useAnswer<K extends Asking>(
  kind: K,
  word: string | undefined,
  question: Extract<Request, { kind: K }>["question"],
  served: readonly ServedModel[] | undefined,
): Opened<Replies[K]> {
  const [state, setState] = useState<Opened<Replies[K]> & { readonly word?: string }>(NOTHING);
  const [opened, setOpened] = useState(0);
  const asked = JSON.stringify(question);
  useEffect(() => {
    const listener = () => setOpened((count) => count + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  // By value: `asked` is the question; `opened` counts files that were opened again.
  useEffect(() => {
    if (word === undefined || (word.startsWith("served:") && served === undefined)) {
      setState(NOTHING);
      return;
    }
    let isCurrent = true;
    setState((before) => (before.word === word ? { ...before, isBusy: true } : { ...NOTHING, word, isBusy: true }));
    const update = (change: Partial<Opened<Replies[K]>>) => {
      if (isCurrent) setState((before) => ({ ...before, ...change }));
    };
    const work = async () => {
      const model = await ask({ kind: "load", key: word, source: sourceOf(word, served ?? []) });
      update({ model });
      const request = { kind, key: model.key, question } as unknown as Extract<Request, { readonly kind: K }>;
      update({ model, estimated: await ask<K>(request), error: undefined, isBusy: false });
    };
    work().catch((error: unknown) => update({ error: asInputError(error), estimated: undefined, isBusy: false }));
    return () => {
      isCurrent = false;
    };
  }, [word, asked, opened, served]);
  return state;
}

export const useEstimate = (
  word: string | undefined,
  question: Question,
  served: readonly ServedModel[] | undefined,
): Opened => useAnswer("estimate", word, question, served);

export const useSplit = (
  word: string | undefined,
  question: SplitQuestion,
  served: readonly ServedModel[] | undefined,
): Opened<SplitAnswer> => useAnswer("split", word, question, served);

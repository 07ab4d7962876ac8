// The local server as the page sees it, where there is one: a static build has none, and then only what needs it is missing.
import { useEffect, useState } from "preact/hooks";
import { InputError } from "../units/input-error.ts";

/** A model file that `joulecast serve FILE…` was given. */
export interface ServedModel {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
}

/** A folder that `joulecast serve --study DIR` was given. */
export interface ServedStudy {
  readonly id: string;
  readonly name: string;
}

export interface ServerInfo {
  readonly version: string;
  readonly models: readonly ServedModel[];
  readonly studies: readonly ServedStudy[];
}

/** "none": a static build. "closed": a server that does not know this browser: its printed link has the token. */
export type ServerState = ServerInfo | "none" | "closed" | undefined;

let found: Promise<Exclude<ServerState, undefined>> | undefined;

const HEADER = "joulecast-server";

async function look(): Promise<Exclude<ServerState, undefined>> {
  // The server names itself in its page, so that a static build asks for nothing that is not there.
  if (document.querySelector(`meta[name="${HEADER}"]`) === null) return "none";
  const response = await fetch("api/info");
  return response.ok ? ((await response.json()) as ServerInfo) : "closed";
}

export function useServer(): ServerState {
  const [state, setState] = useState<ServerState>();
  useEffect(() => {
    found ??= look().catch(() => "none" as const);
    void found.then(setState);
  }, []);
  return state;
}

export const isOpen = (state: ServerState): state is ServerInfo => typeof state === "object";

const NO_MODELS: readonly ServedModel[] = [];

/** Undefined while it is not known whether there is a server. */
export function servedModels(state: ServerState): readonly ServedModel[] | undefined {
  if (state === undefined) return undefined;
  return isOpen(state) ? state.models : NO_MODELS;
}

/** JSON of the server. @throws InputError as the server says it */
export async function fromServer<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`api/${path}`, init);
  } catch {
    throw new InputError("no-server", "the local server does not answer", "is `joulecast serve` still running?");
  }
  if (response.ok) return (await response.json()) as T;
  const { error } = (await response.json()) as { error: { code: string; message: string; hint: string } };
  throw new InputError(error.code, error.message, error.hint);
}

// The way to native libraries: koffi, loaded when first needed, and not at all where it is not installed. Who calls what is the
// business of its users (nvidia/, windows/, perf-counter.ts).
import { createRequire } from "node:module";
import { whyNotLoaded } from "../optional-package.ts";

type Koffi = typeof import("koffi");

/** koffi (some 10 ms at the first call), or why it cannot be had. */
export function loadKoffi(): { readonly koffi: Koffi } | { readonly reason: string } {
  try {
    return { koffi: createRequire(import.meta.url)("koffi") as Koffi };
  } catch (error) {
    return { reason: whyNotLoaded(error, "koffi") };
  }
}

// Opening a network: a file dropped anywhere on the page or chosen, one that the server was given, or one of the zoo.
import { useEffect, useId, useState } from "preact/hooks";
import type { Catalogue } from "../engine/messages.ts";
import type { ServedModel } from "../server.ts";
import { openFile } from "./opened.ts";

const EXAMPLES = ["deeprx", "resnet18", "mobilenet-v2", "transformer-encoder", "cifar/lenet"];

/** Calls back with the word of a file that is dropped anywhere on the page. Says whether one is held over it. */
export function useDrop(onOpen: (word: string) => void): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const over = (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) onOpen(openFile(file));
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [onOpen]);
  return isOver;
}

export interface PickerProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly catalogue: Catalogue | undefined;
  readonly served: readonly ServedModel[];
  onOpen(word: string): void;
}

/** A select of what is known by name, and a button for a file. */
export function ModelPicker({ label, value, catalogue, served, onOpen }: PickerProps) {
  const id = useId();
  const file = useId();
  const networks = catalogue?.networks ?? [];
  const words = [...networks.map(({ name }) => `zoo:${name}`), ...served.map((model) => `served:${model.id}`)];
  const groupOf = (name: string): string => (name.startsWith("cifar/") ? "CIFAR, 3×32×32" : "Zoo");
  return (
    <div class="picker">
      <div class="field">
        <label for={id}>{label}</label>
        <select id={id} value={value ?? ""} onChange={({ currentTarget }) => onOpen(currentTarget.value)}>
          {value === undefined && <option value="">choose a network …</option>}
          {value !== undefined && !words.includes(value) && (
            <option value={value}>{value.replace(/^\w+:/u, "")}</option>
          )}
          {served.length > 0 && (
            <optgroup label="Given to joulecast serve">
              {served.map((model) => (
                <option key={model.id} value={`served:${model.id}`}>
                  {model.name}
                </option>
              ))}
            </optgroup>
          )}
          {["Zoo", "CIFAR, 3×32×32"].map((group) => (
            <optgroup key={group} label={group}>
              {networks
                .filter(({ name }) => groupOf(name) === group)
                .map(({ name }) => (
                  <option key={name} value={`zoo:${name}`}>
                    {name.replace("cifar/", "")}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </div>
      <div class="file">
        <input
          id={file}
          class="unseen"
          type="file"
          accept=".onnx"
          onChange={({ currentTarget }) => {
            const chosen = currentTarget.files?.[0];
            if (chosen !== undefined) onOpen(openFile(chosen));
            currentTarget.value = "";
          }}
        />
        <label for={file} class="button">
          Open a file …
        </label>
      </div>
    </div>
  );
}

/** What a visitor sees first. */
export function Welcome(props: Omit<PickerProps, "label" | "value"> & { readonly isOver: boolean }) {
  return (
    <section class={`welcome${props.isOver ? " over" : ""}`} aria-labelledby="welcome">
      <h1 id="welcome">Where do the joules of a network go?</h1>
      <p>
        Drop an <code>.onnx</code> file anywhere on this page. It is read here, in your browser: nothing is uploaded,
        and weights are not loaded.
      </p>
      <ModelPicker {...props} label="Or a network of the zoo" value={undefined} />
      <ul class="examples" aria-label="Examples">
        {EXAMPLES.map((name) => (
          <li key={name}>
            <button type="button" onClick={() => props.onOpen(`zoo:${name}`)}>
              {name.replace("cifar/", "")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

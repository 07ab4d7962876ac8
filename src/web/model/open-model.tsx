// Opening a network: a file dropped anywhere on the page or chosen, one that the server was given, or one of the zoo.
import { useId } from "preact/hooks";
import { useDrop } from "../drop.ts";
import type { Catalogue } from "../engine/messages.ts";
import { FileButton } from "../file-button.tsx";
import type { ServedModel } from "../server.ts";
import { openedFiles, openFile } from "./opened.ts";

const EXAMPLES = ["deeprx", "resnet18", "mobilenet-v2", "transformer-encoder", "cifar/lenet"];

/** Calls back with the word of a file that is dropped anywhere on the page. Says whether one is held over it. */
export const useModelDrop = (onOpen: (word: string) => void): boolean => useDrop((file) => onOpen(openFile(file)));

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
  const networks = catalogue?.networks ?? [];
  const files = openedFiles();
  const words = [
    ...files,
    ...networks.map(({ name }) => `zoo:${name}`),
    ...served.map(({ id: each }) => `served:${each}`),
  ];
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
          {files.length > 0 && (
            <optgroup label="Opened here">
              {files.map((word) => (
                <option key={word} value={word}>
                  {word.replace("file:", "")}
                </option>
              ))}
            </optgroup>
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
      <FileButton accept=".onnx" onFile={(file) => onOpen(openFile(file))}>
        Open a file …
      </FileButton>
    </div>
  );
}

/** What a visitor sees first. */
export function Welcome(props: Omit<PickerProps, "label" | "value"> & { readonly isOver: boolean }) {
  return (
    <section class={`welcome drop${props.isOver ? " over" : ""}`} aria-labelledby="welcome">
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

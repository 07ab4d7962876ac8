// A button that lets the user choose a file of their machine.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface FileButtonProps {
  /** Endings: ".onnx". */
  readonly accept: string;
  readonly children: ComponentChildren;
  onFile(file: File): void;
}

export function FileButton({ accept, children, onFile }: FileButtonProps) {
  const id = useId();
  return (
    <div class="file">
      <input
        id={id}
        class="unseen"
        type="file"
        accept={accept}
        onChange={({ currentTarget }) => {
          const chosen = currentTarget.files?.[0];
          if (chosen !== undefined) onFile(chosen);
          currentTarget.value = "";
        }}
      />
      <label for={id} class="button">
        {children}
      </label>
    </div>
  );
}

// A file that is dropped anywhere on the page.
import { useLayoutEffect, useState } from "preact/hooks";

/** Calls back with it, and with the element that it fell on. Says whether one is held over the page. */
export function useDrop(onFile: (file: File, on: Element | undefined) => void): boolean {
  const [isOver, setOver] = useState(false);
  // In place with the view itself: between a view's first paint and an effect after it, a drop would make the browser leave the page.
  useLayoutEffect(() => {
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
      if (file !== undefined) onFile(file, event.target instanceof Element ? event.target : undefined);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [onFile]);
  return isOver;
}

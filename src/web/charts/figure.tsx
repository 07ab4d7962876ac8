// What every chart stands in: a heading, the drawing at the width there is, the value under the pointer, a note, and the three downloads.
import type { ComponentChildren, RefObject } from "preact";
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";
import { renderCsv } from "../../report/csv.ts";
import type { TableSection } from "../../report/document.ts";
import { pngBlob, save, svgText } from "./download.ts";

/** Width of an element, px, as it changes; 0 before it is known. */
function useWidth<E extends HTMLElement>(): [RefObject<E | null>, number] {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (ref.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

/** What stands beside the pointer, or beside the mark that has the focus. */
export interface Tip {
  readonly x: number;
  readonly y: number;
  /** The first is set strong. */
  readonly lines: readonly string[];
}

export interface DrawingArea {
  readonly width: number;
  /** For `aria-labelledby`. */
  readonly titleId: string;
  show(tip: Tip | undefined): void;
}

export interface FigureProps {
  readonly title: string;
  readonly note?: string | undefined;
  /** File name of downloads, without ending. */
  readonly name: string;
  /** The numbers, for CSV. */
  readonly table: () => TableSection;
  readonly level?: 2 | 3;
  /** Between heading and drawing: controls of this chart. */
  readonly before?: ComponentChildren;
  /** Where what is shown is no `<svg>`: draws one for the downloads. Default: the one that is there. */
  readonly drawn?: (area: DrawingArea) => SVGSVGElement;
  /** Draws one `<svg>`. */
  readonly children: (area: DrawingArea) => ComponentChildren;
}

const csvOf = (title: string, table: TableSection): string =>
  renderCsv({ title, sections: [{ ...table, main: true }] });

export function Figure({ title, note, name, table, level = 3, before, drawn, children }: FigureProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [tip, setTip] = useState<Tip>();
  const titleId = useId();
  const show = useCallback((next: Tip | undefined) => setTip(next), []);
  const area = { width, titleId, show };
  const svg = () => drawn?.(area) ?? ref.current!.querySelector("svg")!;
  const downloads = {
    SVG: () => save(`${name}.svg`, svgText(svg(), title), "image/svg+xml"),
    PNG: async () => save(`${name}.png`, await pngBlob(svg(), title)),
    CSV: () => save(`${name}.csv`, csvOf(title, table()), "text/csv"),
  };
  const Heading = `h${level}` as const;
  return (
    <figure class="chart">
      <div class="chart-head">
        <Heading id={titleId}>{title}</Heading>
        <div class="downloads" role="group" aria-label={`Download: ${title}`}>
          {Object.entries(downloads).map(([form, download]) => (
            <button key={form} type="button" class="plain" onClick={download} aria-label={`Download as ${form}`}>
              {form}
            </button>
          ))}
        </div>
      </div>
      {before}
      <div class="plot" ref={ref} onPointerLeave={() => setTip(undefined)}>
        {width > 0 && children(area)}
        {tip && <TipBox tip={tip} width={width} />}
      </div>
      <p class="unseen" aria-live="polite">
        {tip?.lines.join(", ")}
      </p>
      {note !== undefined && <figcaption>{note}</figcaption>}
    </figure>
  );
}

/** Kept inside the drawing: to the left of the pointer in its right half. */
function TipBox({ tip, width }: { readonly tip: Tip; readonly width: number }) {
  const side = tip.x > width / 2 ? { right: `${width - tip.x + 12}px` } : { left: `${tip.x + 12}px` };
  return (
    <div class="tip" aria-hidden="true" style={{ ...side, top: `${tip.y}px` }}>
      {tip.lines.map((line, i) => (
        <div key={line} class={i === 0 ? "tip-lead" : undefined}>
          {line}
        </div>
      ))}
    </div>
  );
}

// Small pieces that several views are made of: facts, tables of a report, notes, errors. They draw report/document.ts's data.
import {
  type Cell,
  type Column,
  type Document,
  type Fact,
  isOnScreen,
  type Section,
  type TableSection,
} from "../report/document.ts";
import type { InputError } from "../units/input-error.ts";

/** Times of a report, in the words of where the page is read. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/u;
const factText = (text: string): string => (ISO_TIME.test(text) ? new Date(text).toLocaleString() : text);

export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(({ label, cell }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd class={cell.tone}>{factText(cell.text)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The error and the next step. */
export function Trouble({ error }: { readonly error: InputError }) {
  return (
    <div class="trouble" role="alert">
      <strong>{error.message}</strong>
      {error.hint !== "" && <p>{error.hint}</p>}
    </div>
  );
}

export function Notes({ title, notes }: { readonly title: string; readonly notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <details class="notes">
      <summary>
        {title} <span class="quiet">({notes.length})</span>
      </summary>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </details>
  );
}

const cellClass = (column: Column, cell: Cell | undefined): string =>
  [column.align === "right" ? "right" : "", column.wrap ? "words" : "", cell?.tone ?? ""].filter(Boolean).join(" ");

/** A table as it stands in a report. */
export function ReportTable({ section }: { readonly section: TableSection }) {
  const columns = section.columns.map((column, i) => ({ column, i })).filter(({ column }) => column.only !== "data");
  if (section.rows.length === 0) return null;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={section.title ?? section.name ?? "table"}>
      <table>
        {section.title !== undefined && <caption>{section.title}</caption>}
        <thead>
          <tr>
            {columns.map(({ column, i }) => (
              <th key={i} scope="col" class={cellClass(column, undefined)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {section.rows.map((row, r) => (
            <tr key={r}>
              {columns.map(({ column, i }) => (
                <td key={i} class={cellClass(column, row[i])}>
                  {row[i]?.text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SectionPart({ section }: { readonly section: Section }) {
  if (section.kind === "table") return <ReportTable section={section} />;
  if (section.kind === "chart") return null;
  if (section.kind === "facts")
    return (
      <>
        {section.title !== undefined && <h2>{section.title}</h2>}
        <Facts facts={section.facts} />
      </>
    );
  if (section.title !== undefined) return <Notes title={section.title} notes={section.notes} />;
  return (
    <ul class={`remarks ${section.tone === "warning" ? "warning" : "quiet"}`}>
      {section.notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}

/** A report's sections below each other, without its charts: the page draws its own. */
export function DocumentParts({ document }: { readonly document: Document }) {
  return (
    <>
      {document.sections.filter(isOnScreen).map((section, i) => (
        <SectionPart key={i} section={section} />
      ))}
    </>
  );
}

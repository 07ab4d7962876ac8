// A drawn chart as a file: SVG with its colours written in, PNG at twice the size, CSV of the numbers behind it.
import { harmless, shorten } from "../../report/width.ts";

/** What a style sheet gives to marks, and a file must hold itself. */
const STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "stroke-linecap",
  "opacity",
  "font-size",
  "font-weight",
  "font-family",
  "text-anchor",
  "dominant-baseline",
];

/** "color(srgb 0.1 0.2 0.3)", as browsers say mixed colours, in the form that every drawing program reads. */
function plainColor(value: string): string {
  const parts = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)/u.exec(value)?.slice(1);
  return parts === undefined ? value : `rgb(${parts.map((part) => Math.round(Number(part) * 255)).join(", ")})`;
}

function withStyles(svg: SVGSVGElement): SVGSVGElement {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = svg.querySelectorAll<SVGElement>("*");
  for (const [i, element] of copy.querySelectorAll<SVGElement>("*").entries()) {
    const style = getComputedStyle(originals[i]!);
    for (const name of STYLES) element.setAttribute(name, plainColor(style.getPropertyValue(name)));
    for (const name of ["class", "tabindex", "style"]) element.removeAttribute(name);
  }
  for (const hidden of copy.querySelectorAll("[data-screen-only]")) hidden.remove();
  return copy;
}

const SVG = "http://www.w3.org/2000/svg";
/** Around the drawing, px; the title stands above it. */
const MARGIN = 20;
const TITLE_HEIGHT = 32;
const TITLE_CHARACTER = 8.6;

function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** Of the file, px. */
function sizeOf(svg: SVGSVGElement): { readonly width: number; readonly height: number } {
  const { width, height } = svg.getBoundingClientRect();
  return { width: width + 2 * MARGIN, height: height + 2 * MARGIN + TITLE_HEIGHT };
}

/** The chart as a file of its own: with its title and a margin, on the page's background. */
export function svgText(svg: SVGSVGElement, title: string): string {
  const copy = withStyles(svg);
  const { width, height } = sizeOf(svg);
  const [x, y] = [-MARGIN, -MARGIN - TITLE_HEIGHT];
  const page = getComputedStyle(document.body);
  for (const name of ["aria-labelledby", "aria-describedby"]) copy.removeAttribute(name);
  const own = { xmlns: SVG, width, height, viewBox: `${x} ${y} ${width} ${height}`, "aria-label": title };
  for (const [name, value] of Object.entries(own)) copy.setAttribute(name, String(value));
  const font = { "font-family": page.fontFamily, "font-size": "15px", "font-weight": 600 };
  const heading = element("text", { x: 0, y: 14 - TITLE_HEIGHT, fill: page.color, ...font });
  heading.textContent = shorten(title, Math.floor((width - 2 * MARGIN) / TITLE_CHARACTER));
  copy.prepend(element("rect", { x, y, width, height, fill: page.backgroundColor }), heading);
  return new XMLSerializer().serializeToString(copy);
}

const SCALE = 2;

export async function pngBlob(svg: SVGSVGElement, title: string): Promise<Blob> {
  const { width, height } = sizeOf(svg);
  const image = new Image(width, height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(svg, title))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * SCALE, height * SCALE];
  const context = canvas.getContext("2d")!;
  context.scale(SCALE, SCALE);
  context.drawImage(image, 0, 0, width, height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob === null ? reject(new Error("the chart could not be drawn")) : resolve(blob))),
  );
}

/** Gives the user a file. */
export function save(name: string, content: Blob | string, type = "text/plain"): void {
  const blob = typeof content === "string" ? new Blob([content], { type }) : content;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = harmless(name).replaceAll(/[^\p{L}\p{N}._-]+/gu, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

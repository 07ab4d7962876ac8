import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleInput } from "../../test/fixtures/sample-report.ts";
import { chartDrawer } from "../node/draw.ts";
import { estimateDocument } from "./estimate-report.ts";
import { renderHtml } from "./html.ts";
import { renderMarkdown } from "./markdown.ts";

const EVIL = `<script>alert("1")</script>' & \u202e`;

describe("renderHtml", () => {
  it("is one file without scripts or requests, whatever the model is called", async () => {
    const html = renderHtml(estimateDocument(sampleInput(EVIL)), {
      charts: await chartDrawer(),
      generatedBy: "joulecast 0.1.0",
      command: `joulecast estimate '${EVIL}'`,
    });
    expect(html).not.toMatch(/<script|javascript:|\son\w+=/i);
    expect(html).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39; &amp; �");
    const links = [...html.matchAll(/(?:href|src|url)\s*[=(]\s*"?([^">)]*)/g)].map((match) => match[1]);
    expect(links).toEqual(["data:,"]);
    expect(html.match(/https?:[^"<\s]*/g)?.filter((url) => !url.startsWith("http://www.w3.org/")) ?? []).toEqual([]);
  });

  it("escapes any text wherever it stands", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const marked = `${text}<b>"`;
        const html = renderHtml(
          {
            title: marked,
            subtitle: marked,
            sections: [
              { kind: "facts", title: marked, facts: [{ label: marked, cell: { text: marked } }] },
              { kind: "notes", title: marked, tone: "warning", notes: [marked] },
              {
                kind: "table",
                title: marked,
                caption: marked,
                columns: [{ title: marked, group: true }, { title: marked }],
                rows: [[{ text: marked }, { text: marked }]],
              },
            ],
          },
          { generatedBy: marked, command: marked },
        );
        expect(html).not.toContain("<b>");
        expect(html.split("&lt;b&gt;&quot;").length - 1).toBe(18);
      }),
      { seed: 5 },
    );
  });

  it("has every layer, every estimate, every chart with a title, and where it came from", async () => {
    const input = sampleInput();
    const html = renderHtml(estimateDocument(input), {
      charts: await chartDrawer(),
      generatedBy: "joulecast 9.9",
      command: "joulecast x",
    });
    for (const { name } of input.work.layers) expect(html).toContain(`<td>${name}</td>`);
    expect(html.match(/scope="rowgroup" rowspan="7">rtx-2080-ti/g)).not.toBeNull();
    expect(html.match(/<svg[^>]*role="img"/g)).toHaveLength(4);
    expect(html).toContain("Made by joulecast 9.9: <code>joulecast x</code>");
    expect(html).toContain('<aside role="note">');
  });

  it("has no figure without a drawer", () => {
    expect(renderHtml(estimateDocument(sampleInput()), { generatedBy: "x" })).not.toContain("<figure");
  });
});

describe("renderMarkdown", () => {
  it("escapes pipes and tags, so that every row has as many cells as the heading", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const rows = [[{ text: `${a}|<i>` }, { text: b }]];
        const text = renderMarkdown({
          title: "t",
          sections: [{ kind: "table", columns: [{ title: "a" }, { title: b }], rows }],
        });
        const lines = text.split("\n").filter((line) => line.startsWith("| "));
        expect(lines).toHaveLength(3);
        for (const line of lines) expect(line.replace(/\\[\s\S]/g, "").split("|")).toHaveLength(4);
        expect(text).not.toContain("<i>");
      }),
      { seed: 6 },
    );
  });

  it("marks warnings and aligns numbers", () => {
    const text = renderMarkdown(estimateDocument(sampleInput()));
    expect(text).toContain("> [!WARNING]\n> - NonMaxSuppression: no rule, 1 layer (/detect/nms)");
    expect(text).toContain("| device | metric | J per inference |");
    expect(text).toContain("| --- | --- | ---: |");
    expect(text).toContain("… and 52 more");
  });
});

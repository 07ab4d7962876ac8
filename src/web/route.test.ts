import fc from "fast-check";
import { expect, it } from "vitest";
import { formatRoute, parseRoute, routeTo, VIEWS, withParams } from "./route.ts";

it("reads back every address that it writes", () => {
  const params = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.string({ minLength: 1 })), {
    selector: ([name]) => name,
  });
  fc.assert(
    fc.property(fc.constantFrom(...VIEWS), params, (view, entries) => {
      const read = parseRoute(formatRoute({ view, params: new Map(entries) }));
      expect(read.view).toBe(view);
      expect(new Map([...read.params].sort())).toEqual(new Map([...new Map(entries)].sort()));
    }),
    { seed: 9 },
  );
});

it("keeps names of networks readable, and has one address for one view", () => {
  const route = parseRoute("#/model?on=t4%2Cl4&net=zoo%3Acifar%2Flenet");
  expect(formatRoute(route)).toBe("#/model?net=zoo:cifar/lenet&on=t4,l4");
  expect(formatRoute(withParams(route, { on: undefined, batch: "8", net: "" }))).toBe("#/model?batch=8");
});

it("shows the model view where the address is none", () => {
  for (const hash of ["", "#", "#/nowhere", "#/?x=1"]) expect(parseRoute(hash).view).toBe("model");
});

it("leads back to where a view was left, and takes the network along", () => {
  const linked = (from: string, left: string | undefined, view: (typeof VIEWS)[number]) =>
    formatRoute(routeTo(view, parseRoute(from), left === undefined ? undefined : parseRoute(left)));
  const model = "#/model?layer=fc1&net=file:a.onnx";
  expect(linked(model, undefined, "split")).toBe("#/split?net=file:a.onnx");
  expect(linked(model, "#/split?gain=5&net=zoo:vgg16", "split")).toBe("#/split?gain=5&net=file:a.onnx");
  expect(linked(model, undefined, "compare")).toBe("#/compare?a=file:a.onnx");
  expect(linked(model, "#/compare?a=zoo:vgg11&b=zoo:vgg16", "compare")).toBe("#/compare?a=zoo:vgg11&b=zoo:vgg16");
  expect(linked("#/runs?id=1", model, "model")).toBe(model);
  expect(linked(model, undefined, "runs")).toBe("#/runs");
  expect(linked(model, model, "model")).toBe("#/model");
});

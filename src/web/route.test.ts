import fc from "fast-check";
import { expect, it } from "vitest";
import { formatRoute, parseRoute, VIEWS, withParams } from "./route.ts";

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

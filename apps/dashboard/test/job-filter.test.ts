import fc from "fast-check";
import { expect, it } from "vitest";
import { filterUrl, LANES, readFilter, STATES, toActionFilter, toggled } from "../src/lib/job-filter.ts";

const filters = fc.record({
  states: fc.subarray([...STATES]),
  lanes: fc.subarray([...LANES]),
  run: fc.option(fc.string({ minLength: 1 })),
  search: fc.string(),
  cursor: fc.option(fc.string({ minLength: 1 })),
});

it("keeps a filter whole through the URL", () => {
  fc.assert(
    fc.property(filters, (filter) => {
      expect(readFilter(new URL(filterUrl(filter), "http://x").searchParams)).toEqual(filter);
    }),
  );
});

it("leaves out of an old link what is no state or lane any more", () => {
  const read = readFilter(new URLSearchParams("state=dead&state=redriven&lane=<b>&lane=live"));
  expect(read).toEqual({ states: ["dead"], lanes: ["live"], run: null, search: "", cursor: null });
});

it("gives an action the filter without its page, so that it acts on every page", () => {
  const filter = readFilter(new URLSearchParams("state=dead&search=error:x&cursor=abc"));
  expect(toActionFilter(filter)).toEqual({ state: ["dead"], search: "error:x" });
});

it("toggles one of a list", () => {
  expect([toggled(["a"], "b"), toggled(["a", "b"], "a")]).toEqual([["a", "b"], ["b"]]);
});

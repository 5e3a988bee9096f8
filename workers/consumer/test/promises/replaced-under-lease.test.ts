import { expect, it } from "vitest";
import { STORED, setup } from "../../src/ledger/testing/setup.ts";

const KEY = "a/400-high.webp";

it("makes anew what was stored from an original that was replaced while its handler was at work", () => {
  const { order, call, view, submit, settle, ledger, leave } = setup();
  order({ run: "uploads", lane: "upload", keys: [KEY] });
  const [first] = view("o1", KEY).give;
  submit("o1", first!, "job_1");

  order({ run: "uploads", lane: "upload", keys: [KEY], originals: [{ id: "a", order: "2", sourceEtag: '"2"' }] });
  settle("o1", first!, STORED);
  leave("o1");
  expect(ledger.lookUp([KEY])).toEqual({ [KEY]: "queued" });

  call("o2");
  const [second] = call("o2", { have: [] }).give;
  expect(second).toMatchObject({ key: KEY, first: true });
  expect(second?.gen, "the old object counts no more").toBeGreaterThan(first!.gen);
  expect(second?.floor).toBeGreaterThan(first!.gen);
});

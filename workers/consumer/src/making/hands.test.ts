import { expect, it } from "vitest";
import type { Given } from "../ledger/contract.ts";
import { Hands } from "./hands.ts";

const GIVEN: Given = {
  ...{ id: 1, gen: 10, name: "n", run: null, key: "a/400-high.webp", floor: 0, live: false, attempts: 0, phase: "go" },
  ...{
    notBefore: 0,
    grantedAt: 1,
    first: true,
    job: null,
    sight: null,
    hook: null,
    unfetchedSince: null,
    compare: false,
  },
};

it("reports the id of a job again when the ledger, which has forgotten it, says go once more", () => {
  const hands = new Hands();
  const entry = hands.take(GIVEN);
  if (entry === null) throw new Error("nothing was taken");
  expect(hands.take(GIVEN)).toBeNull();
  expect(hands.takeNews().submitted).toEqual([]);
  hands.submit(entry, "job_1");
  const told = [{ id: 1, gen: 10, job: "job_1" }];
  expect(hands.takeNews().submitted).toEqual(told);
  expect(hands.have(false)).toEqual([{ id: 1, gen: 10, phase: "watch" }]);
  expect(hands.take(GIVEN)).toBeNull();
  expect(hands.takeNews().submitted).toEqual(told);
  expect(hands.takeNews().submitted).toEqual([]);
});

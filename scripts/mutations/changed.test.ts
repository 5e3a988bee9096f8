import { describe, expect, it } from "vitest";
import { chooseMutations } from "./changed.ts";
import { at, breaks, type Mutation } from "./mutation.ts";

const LIST: readonly Mutation[] = [
  ...at({ file: "src/gate.ts", tests: ["src/gate.test.ts"] }, [
    breaks("P8", "no gate", { find: "a", replace: "b" }),
    breaks("P8", "half a gate", { find: "c", replace: "d", tests: ["test/world.test.ts"] }),
  ]),
  ...at({ file: "src/rows.ts" }, [
    breaks("P2", "two rows", { find: "e", replace: "f", histories: { rule: "tworows" } }),
  ]),
];
const [noGate, halfGate] = LIST as [Mutation, Mutation];
const choose = (files: readonly string[], before = LIST) => chooseMutations(LIST, { files, before });

describe("the mutations of a commit", () => {
  it("are those of the files that it touches", () => {
    expect(choose(["README.md", "src/gate.ts"])).toEqual({
      mutations: [noGate, halfGate],
      told: ["src/gate.ts: 2 mutations"],
    });
  });

  it("are those that its tests hold", () => {
    expect(choose(["test/world.test.ts"])).toEqual({ mutations: [halfGate], told: ["test/world.test.ts: 1 mutation"] });
  });

  it("are the rows that are new or have another change or test, and no row that has only another sentence", () => {
    const before = [{ ...noGate, tests: ["src/other.test.ts"] }, { ...halfGate, breaks: "?" }, ...LIST.slice(2)];
    expect(choose([], before)).toEqual({ mutations: [noGate], told: ["rows that were changed: 1 mutation"] });
  });

  it("are each tried once, whatever leads to them", () => {
    expect(choose(["src/gate.ts", "src/gate.test.ts"], []).mutations).toEqual([noGate, halfGate]);
  });

  it("leave those that only histories try to the nightly run, and say so", () => {
    const told = ["src/rows.ts: 1 mutation, 1 of them for the nightly run, because only histories try them"];
    expect(choose(["src/rows.ts"])).toEqual({ mutations: [], told });
  });

  it("may be none, which is said", () => {
    expect(choose(["README.md"])).toEqual({
      mutations: [],
      told: ["no mutation belongs to the files of this commit"],
    });
  });
});

import type { Mutation } from "./promises.ts";

const SRC = "workers/consumer/src";
const LEDGER = `${SRC}/ledger`;
const REPEATED = "test/world/repeated-calls.test.ts";

/** What the platform's documentation allows, though no local run does it: each answer taken back by one line. */
export const PLATFORM: Mutation[] = [
  {
    promise: "P11",
    breaks: "a repeat of a call has another id",
    file: `${LEDGER}/ledger-for.ts`,
    find: `      const said = kind === "id" ? [...args, deps.newCallId()] : args;
      return persist(call, () => (newStub()[call] as (...args: unknown[]) => Promise<unknown>)(...said), deps);`,
    replace: `      const said = () => (kind === "id" ? [...args, deps.newCallId()] : args);
      return persist(call, () => (newStub()[call] as (...args: unknown[]) => Promise<unknown>)(...said()), deps);`,
    tests: [`${LEDGER}/ledger-for.test.ts`, REPEATED],
  },
  {
    promise: "P11",
    breaks: "the ledger does the work of a call that it has heard",
    file: `${LEDGER}/protocol/once.ts`,
    find: "  if (before !== null) return before.answer;\n",
    replace: "",
    tests: [REPEATED],
  },
  {
    promise: "P11",
    breaks: "a call whose effect stands in memory is heard twice",
    file: `${LEDGER}/protocol/heard-calls.ts`,
    find: "    if (this.#ids.has(id)) return false;\n",
    replace: "",
    tests: [REPEATED],
  },
  {
    promise: "P11",
    breaks: "a purge that is repeated begins another one",
    file: `${LEDGER}/contract.ts`,
    find: 'purgeImage: "id",',
    replace: 'purgeImage: "idempotent",',
    tests: [REPEATED],
  },
  {
    promise: "P11",
    breaks: "a repeated import finds its copy gone",
    file: `${LEDGER}/object/engine.ts`,
    find: "    if (before !== null) return before.answer;\n",
    replace: "",
    tests: [REPEATED],
  },
  {
    promise: "P11",
    breaks: "a restore that is repeated after the restart tells the bookmark of after it",
    file: `${SRC}/api/ledger.ts`,
    find: "      if (found === null || (await ledger.restoreTo({ bookmark: found.bookmark })) === null)",
    replace: "      if (found !== null) Object.assign(found, await ledger.restoreTo(to));\n      if (found === null)",
    tests: [`${SRC}/api/ledger.test.ts`],
  },
];

import { expect, it } from "vitest";
import { setup } from "../testing/setup.ts";

it("the gate file is published when what the edge should know changes, and tried until it is", () => {
  const { clock, ledger, steps } = setup();
  steps.gateChanged();
  expect(steps.outboxDue()).toEqual([]);
  ledger.patchGate({ paused: { live: true } }, "test");
  steps.gateChanged();
  const [due] = steps.outboxDue();
  expect(JSON.parse(due!.body)).toEqual({
    closed: ["live"],
    reason: "Lane live is paused by an operator.",
    quietUntil: 0,
    at: clock.ms,
  });
  expect(steps.outboxDue()).toEqual([]);
  clock.advance(2);
  expect(steps.outboxDue()).toHaveLength(1);
  steps.outboxDone("gate", due!.body);
  clock.advance(3_600);
  steps.gateChanged();
  expect(steps.outboxDue()).toEqual([]);
  ledger.patchGate({ paused: { live: false } }, "test");
  steps.gateChanged();
  expect(JSON.parse(steps.outboxDue()[0]!.body)).toMatchObject({ closed: [], reason: null });
});

it("the gate file is published after a restore, whatever it said before", () => {
  const { ledger, steps } = setup();
  ledger.restored("test");
  steps.gateChanged();
  expect(steps.outboxDue().map(({ body }) => JSON.parse(body).closed)).toEqual([[]]);
  steps.gateChanged();
  expect(steps.outboxDue()).toEqual([]);
});

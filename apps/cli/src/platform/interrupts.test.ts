import { expect, it } from "vitest";
import { createInterrupts } from "./interrupts.ts";

function setup(graceful: boolean) {
  let at = 0;
  const interrupts = createInterrupts(
    () => at,
    () => graceful,
  );
  const signalAt = (ms: number) => {
    at = ms;
    interrupts.signal();
    return [interrupts.stop.aborted, interrupts.now.aborted];
  };
  return { signalAt };
}

it("takes the first Ctrl-C as a wish to stop and the second as an order", () => {
  const { signalAt } = setup(true);
  expect(signalAt(0)).toEqual([true, false]);
  expect(signalAt(1000)).toEqual([true, true]);
});

it("takes the signals of one key press as one: the terminal, npm and our launcher all pass it on", () => {
  const { signalAt } = setup(true);
  signalAt(0);
  signalAt(5);
  expect(signalAt(40)).toEqual([true, false]);
});

it("ends a command that has nothing to finish at the first one", () => {
  expect(setup(false).signalAt(0)).toEqual([true, true]);
});

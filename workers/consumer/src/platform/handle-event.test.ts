import type { HandleEvent } from "@prewarm/shared/events";
import { SITE_FUNCTION_MS } from "@prewarm/shared/limits";
import { afterEach, expect, it, vi } from "vitest";
import { handleEvent } from "./deliver-event.ts";

const timestamp = "2026-11-25T12:00:00.000Z";
const sent = { type: "trouble.opened", timestamp, text: "Ittybit answers 402.", data: { part: "ittybit" } };
const event = { id: "evt_q_1", body: JSON.stringify(sent) };
const handled = (handle: HandleEvent) => handleEvent(handle, event, ["s3cret"]);

afterEach(() => void vi.useRealTimers());

it("gives a site's function the event and the secrets, and waits for it", async () => {
  const got: unknown[] = [];
  const handle: HandleEvent = async (...args) => {
    await Promise.resolve();
    got.push(...args);
  };
  expect(await handled(handle)).toEqual({ status: 200, said: "handled" });
  expect(got).toEqual([{ id: "evt_q_1", ...sent }, ["s3cret"]]);
});

it.each<[string, HandleEvent, string]>([
  [
    "throws",
    () => {
      throw new TypeError("no channel at https://chat.example/s3cret");
    },
    "TypeError: no channel at https://chat.example/[redacted]",
  ],
  ["rejects", () => Promise.reject(new Error("no chat")), "Error: no chat"],
])("is not taken when the function %s, and the reason holds no secret", async (_, handle, said) => {
  expect(await handled(handle)).toEqual({ status: 0, said: expect.stringContaining(said.replace(/^\w+: /, "")) });
});

it("is not taken when the function never ends", async () => {
  vi.useFakeTimers();
  const answer = handled(() => new Promise(() => undefined));
  await vi.advanceTimersByTimeAsync(SITE_FUNCTION_MS);
  expect(await answer).toMatchObject({ status: 0 });
});

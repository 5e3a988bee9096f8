import { createHmac } from "node:crypto";
import { afterEach, expect, it, vi } from "vitest";
import { HookError, type HookEvent, tellHook } from "./hook.ts";

const KEY = Buffer.alloc(32, 7);
const options = { url: "https://control.example.com/hooks/cms", secret: `whsec_${KEY.toString("base64")}` };
const event: HookEvent = { type: "image.uploaded", data: { items: [{ id: "été.jpg", v: "1" }] } };

function answerWith(status: number) {
  const asked = vi.fn(async (..._: Parameters<typeof fetch>) => new Response(null, { status }));
  vi.stubGlobal("fetch", asked);
  return asked;
}
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("signs a delivery as Standard Webhooks: id, time and body under the secret's bytes", async () => {
  const asked = answerWith(202);
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_900 });
  await tellHook(options, event, "msg_1");
  const [url, request] = asked.mock.calls[0] ?? [];
  const headers = new Headers(request?.headers);
  const time = headers.get("webhook-timestamp");
  expect(url).toBe(options.url);
  expect(headers.get("webhook-id")).toBe("msg_1");
  expect(time).toBe("1800000000");
  const mac = createHmac("sha256", KEY).update(`msg_1.${time}.${request?.body}`).digest("base64");
  expect(headers.get("webhook-signature")).toBe(`v1,${mac}`);
  expect(JSON.parse(String(request?.body))).toEqual(event);
});

it.each([
  [400, true],
  [401, false],
  [422, true],
  [429, false],
  [503, false],
])("throws what the hook answers, %i, and says whether it is final: %s", async (status, isFinal) => {
  answerWith(status);
  const error = await tellHook(options, event, "msg_1").catch((thrown) => thrown);
  expect(error).toBeInstanceOf(HookError);
  expect(error).toMatchObject({ isFinal, message: `Prewarm's hook answers ${status}` });
});

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Mail, Mails } from "./mails.ts";

const { MAILS } = env as unknown as { MAILS: DurableObjectNamespace<Mails> };
const mails = () => MAILS.get(MAILS.idFromName("main"));
/** What the mail service got, and when. */
let sent: { id: string; at: number; now: number; key: string | null }[] = [];
const sentOf = (id: string) => sent.filter((mail) => mail.id === id);
const mail = (id: string, at: number, more: Partial<Mail> = {}): Mail => ({
  id,
  at: Date.now() + at,
  to: "a@example.com",
  text: "x",
  ...more,
});
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 50 });

beforeEach(() => {
  sent = [];
  vi.spyOn(globalThis, "fetch").mockImplementation((async (_url: unknown, init: RequestInit) => {
    const { id, at } = JSON.parse(String(init.body)) as Mail;
    sent.push({ id, at, now: Date.now(), key: new Headers(init.headers).get("idempotency-key") });
    return new Response(null, { status: 202 });
  }) as unknown as typeof fetch);
});
afterEach(() => void vi.restoreAllMocks());

it("a mail that is due later is sent once, not before, although the object is reset; a cancelled one is not", async () => {
  const [now, later] = [mail("now", -1), mail("later", 4_000)];
  await mails().send(now);
  expect(await mails().send(later)).toMatchObject({ status: "done" });
  await mails().send(mail("cancelled", 3_000));
  const key = { group: "now", part: `${now.at}` };
  // A reset before that would repeat the call, under its key.
  await until(async () => expect(await runInDurableObject(mails(), ({ queue }) => queue.job(key))).toBeNull());
  await mails().cancel("cancelled");
  const reset = runInDurableObject(mails(), (_instance, state) => state.abort("reset while it waits"));
  await expect(reset).rejects.toThrow("reset while it waits");
  // Nothing calls the object now: its alarm brings it back.
  await until(() => expect(sentOf("later")).toHaveLength(1));
  expect(sentOf("later")[0]?.now).toBeGreaterThanOrEqual(later.at);
  expect(await mails().send(later)).toMatchObject({ status: "repeat" });
  await mails().send(mail("last", 1_000));
  await until(() => expect(sentOf("last")).toHaveLength(1));
  expect(sent.map(({ id }) => id)).toEqual(["now", "later", "last"]);
});

it("a reminder comes again at its times, under a key each, until it is cancelled", async () => {
  const first = mail("reminder", 500, { everyMs: 1_000 });
  await mails().send(first);
  await until(() => expect(sentOf("reminder").length).toBeGreaterThanOrEqual(3));
  await mails().cancel("reminder");
  const count = sentOf("reminder").length;
  await mails().send(mail("later", 3_000));
  await until(() => expect(sentOf("later")).toHaveLength(1));
  const reminders = sentOf("reminder");
  expect(reminders).toHaveLength(count);
  expect(reminders.map(({ at }) => at)).toEqual(reminders.map((_, n) => first.at + n * 1_000));
  for (const { at, now } of reminders) expect(now).toBeGreaterThanOrEqual(at);
  expect(new Set(reminders.map(({ key }) => key)).size).toBe(count);
});

import type { EmulatorOptions } from "@prewarm/ittybit-emulator/server";
import { expect, it } from "vitest";
import { check, closedPort, emulator } from "../../test/testing/ittybit-world.ts";
import { EXIT } from "../platform/exit-codes.ts";

const SECRET = "what-it-signs-with";
const HOOKS: NonNullable<EmulatorOptions["webhooks"]> = {
  ...{ attempts: 1, backoffMs: 10, delayMs: 0, duplicate: false, lossRate: 0 },
  ...{ secret: null, signature: "right", foreignId: false },
};
const WORKS = "Prewarm works with this service, which speaks as the current reference";
const SETTING = 'ittybit: { webhooks: "wake", publicUrl: … }, in prewarm.config.ts';

it.each<[what: string, options: EmulatorOptions, secret: string, seen: RegExp, sentence: string, setting: boolean]>([
  ["that is not signed", {}, "", /“succeeded”, not signed/, `${WORKS}.`, true],
  [
    "that is signed as it should be",
    { webhooks: { ...HOOKS, secret: SECRET } },
    `old,${SECRET}`,
    /“succeeded”, signed$/m,
    `${WORKS}.`,
    true,
  ],
  [
    "that is signed with another secret",
    { webhooks: { ...HOOKS, secret: SECRET } },
    "another",
    /signed with another secret/,
    `${WORKS}, with a difference: its webhook is not signed with ITTYBIT_WEBHOOK_SECRET.`,
    true,
  ],
  [
    "that should be signed and is not",
    {},
    SECRET,
    /not signed/,
    `${WORKS}, with a difference: its webhook is not signed.`,
    true,
  ],
  [
    "that names another job",
    { webhooks: { ...HOOKS, foreignId: true } },
    "",
    /job_/,
    `${WORKS}, with a difference: its webhook names a job by another id than its POST was answered with.`,
    false,
  ],
  [
    "that never comes",
    { webhooks: { ...HOOKS, lossRate: 1 } },
    "",
    /none within 20 s/,
    `${WORKS}, with a difference: it does not call webhook_url.`,
    false,
  ],
  [
    "whose address is refused",
    { strict: true },
    "",
    /webhook_url/,
    `${WORKS}, with a difference: it takes no webhook_url.`,
    false,
  ],
])("sees a webhook %s", async (_what, options, secret, seen, sentence, setting) => {
  const { apiUrl } = await emulator(options);
  const tunnel = await closedPort();
  const args = ["--webhook", tunnel, "--webhook-port", new URL(tunnel).port];
  const env = { ITTYBIT_API_URL: apiUrl, ITTYBIT_WEBHOOK_SECRET: secret };
  const result = await check(env, args);
  expect([result.code, result.sentence]).toEqual([EXIT.ok, sentence]);
  expect(result.lines.find((line) => /^(ok|differs) +a webhook /.test(line))).toMatch(seen);
  expect(result.lines.at(-1)?.includes(SETTING)).toBe(setting);
});

it.each([
  ["http://hooks.example.com", "8790"],
  ["hooks.example.com", "8790"],
  ["https://hooks.example.com", "0"],
  ["https://hooks.example.com", "x"],
])("refuses the address %s and the port %s", async (url, port) => {
  const { code } = await check({}, ["--webhook", url, "--webhook-port", port], "https://cdn.example.com/p.jpg");
  expect(code).toBe(EXIT.usage);
});

import { expect, it } from "vitest";
import { EXIT } from "../../apps/cli/src/platform/exit-codes.ts";
import type { EmulatorOptions } from "../../packages/ittybit-emulator/src/server.ts";
import { closedPort, emulator, examine } from "./lab-world.ts";

const SECRET = "what-it-signs-with";
const HOOKS: NonNullable<EmulatorOptions["webhooks"]> = {
  attempts: 1,
  backoffMs: 10,
  delayMs: 0,
  duplicate: false,
  lossRate: 0,
  secret: null,
  signature: "right",
  foreignId: false,
};
const WORKS = "Prewarm works with this service, which speaks as the current reference.";

it.each<[what: string, options: EmulatorOptions, secret: string, seen: RegExp]>([
  ["that is not signed", {}, "", /“succeeded”, not signed/],
  [
    "that is signed as it should be",
    { webhooks: { ...HOOKS, secret: SECRET } },
    `old,${SECRET}`,
    /“succeeded”, signed$/m,
  ],
  [
    "that is signed with another secret",
    { webhooks: { ...HOOKS, secret: SECRET } },
    "another",
    /signed with another secret/,
  ],
  ["that should be signed and is not", {}, SECRET, /not signed/],
  ["that names another job", { webhooks: { ...HOOKS, foreignId: true } }, "", /names job_\w+, and the POST/],
  ["that never comes", { webhooks: { ...HOOKS, lossRate: 1 } }, "", /none within 20 s/],
  ["whose address is refused", { strict: true }, "", /webhook_url is refused: .*webhook_url/],
])("sees a webhook %s, and needs none", async (_what, options, secret, seen) => {
  const { apiUrl } = await emulator(options);
  const tunnel = await closedPort();
  const args = ["--webhook", tunnel, "--webhook-port", new URL(tunnel).port];
  const env = { ITTYBIT_API_URL: apiUrl, ITTYBIT_WEBHOOK_SECRET: secret };
  const result = await examine(env, args);
  expect([result.code, result.sentence]).toEqual([EXIT.ok, WORKS]);
  expect(result.lines.find((line) => /^ok +a webhook /.test(line))).toMatch(seen);
});

it.each([
  ["http://hooks.example.com", "8790"],
  ["hooks.example.com", "8790"],
  ["https://hooks.example.com", "0"],
  ["https://hooks.example.com", "x"],
])("refuses the address %s and the port %s", async (url, port) => {
  const line = examine({}, ["--webhook", url, "--webhook-port", port], "https://cdn.example.com/p.jpg");
  await expect(line).rejects.toMatchObject({ exitCode: EXIT.usage });
});

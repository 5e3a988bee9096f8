import { WORKERS_MAX } from "@prewarm/shared/limits";
import { WORK_MESSAGE } from "@prewarm/shared/messages";
import { expect, it } from "vitest";
import type { Env } from "./config.ts";
import { ledgerDeps } from "./ledger-deps.ts";

it("wakes as many workers as there may be, in batches that the queue takes", async () => {
  const sent: unknown[][] = [];
  const env = {
    WORK_QUEUE: {
      async sendBatch(messages: unknown[]) {
        // As the platform does.
        if (messages.length > 100) throw new Error("too many messages");
        sent.push(messages);
      },
    },
    ITTYBIT_API_URL: "https://api.ittybit.com",
  } as unknown as Env;
  await ledgerDeps(env).send(WORKERS_MAX);
  expect(sent.flat()).toEqual(Array(WORKERS_MAX).fill({ body: WORK_MESSAGE }));
});

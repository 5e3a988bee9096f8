import type { Mutation } from "./promises.ts";

const MAKING = "workers/consumer/src/making";

/** A viewer's miss that the edge calls in (decisions/090). */
export const CALLED_IN: Mutation[] = [
  {
    promise: "P3",
    breaks: "the edge sends no message although the consumer has not recorded the miss",
    file: "workers/edge/src/miss/ask-once.ts",
    find: "return (recorded?.ok && recorded.value) || live.send(message);",
    replace: "return recorded !== null || live.send(message);",
    tests: ["workers/edge/src/miss/ask-once.test.ts"],
  },
  {
    promise: "P13",
    breaks: "an unknown image is called in",
    file: "workers/edge/src/miss/ask-once.ts",
    find: "consumer === null || message.unknown",
    replace: "consumer === null",
    tests: ["workers/edge/src/miss/ask-once.test.ts"],
  },
  {
    promise: "P9",
    breaks: "a viewer's handler goes on for longer than the platform lets it",
    file: `${MAKING}/work.ts`,
    find: "const VIEWER_SHIFT_MS = 10_000;",
    replace: "const VIEWER_SHIFT_MS = 60_000;",
    tests: [`${MAKING}/consume-miss.test.ts`],
  },
  {
    promise: "P13",
    breaks: "a handler asks for the end of a job that cannot have ended",
    file: "packages/durable-queue/src/claims/pace.ts",
    find: "return Math.max(LIVE_PACE_MS, Math.min(liveMs, isLiveOnly ? SOON_MS : pace));",
    replace: "return LIVE_PACE_MS;",
    tests: [`${MAKING}/consume-miss.test.ts`],
  },
  {
    promise: "P5",
    breaks: "the note tells the older original although a newer one was noted",
    file: "workers/consumer/src/store/info.ts",
    find: "made !== null && made.gen >= notedGen",
    replace: "made !== null && notedGen >= 0",
    tests: ["workers/consumer/src/store/info.test.ts"],
  },
];

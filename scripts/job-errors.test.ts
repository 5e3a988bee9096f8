import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { JOB_ERRORS } from "@prewarm/shared/job-errors";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const ROOMS = [
  "workers/consumer/src/{originals,ittybit,making,images}",
  "packages/durable-queue/src/{claims,intake,operate}",
];

/** Codes that the consumer writes beside a failed or refused job, wherever it does. */
function codesInUse(): string[] {
  const files = ROOMS.flatMap((room) => globSync(`${room}/**/*.ts`, { cwd: ROOT }));
  const text = files
    .filter((file) => !/\.test\.ts$|\/testing\//.test(file))
    .map((file) => readFileSync(join(ROOT, file), "utf8"))
    .join("\n");
  const prefixed = text.match(/(?<=")(?:upstream|output|original|source|key)_[a-z]+(?:_[a-z]+)?(?=")/g) ?? [];
  const refusals = [...text.matchAll(/\brefused\("(\w+)"/g)].map(([, code = ""]) => code);
  const named = [...text.matchAll(/failure(?: =|:) \{ code: "(\w+)"|failedAttempt\(row, \{ code: "(\w+)"/g)].map(
    ([, a, b]) => a ?? b ?? "",
  );
  return [...new Set([...prefixed, ...refusals, ...named])].sort();
}

it("every code of a job has its cause and its cure, and none is told that does not exist", () => {
  expect(codesInUse()).toEqual(Object.keys(JOB_ERRORS).sort());
});

import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type EmulatorOptions, startEmulator } from "../server.ts";
import { sampleOriginal, startOrigin } from "./origin.ts";
import { type CheckReport, formatReport, runCheck } from "./run-check.ts";

async function check(
  options: EmulatorOptions = {},
  timeoutMs = 15_000,
): Promise<CheckReport & { value(name: string): string }> {
  const emulator = await startEmulator({ jobMs: { min: 20, max: 30 }, apiKey: "right", ...options });
  const origin = await startOrigin();
  onTestFinished(async () => {
    await emulator.close();
    await origin.close();
  });
  const original = origin.put("/sample.jpg", await sampleOriginal());
  const report = await runCheck({ apiUrl: emulator.apiUrl, apiKey: "right", original, timeoutMs, pollMs: 5 });
  return { ...report, value: (name) => report.findings.find((finding) => finding.name === name)?.value ?? "missing" };
}

const failedOf = ({ findings }: CheckReport): string[] =>
  findings.filter(({ verdict }) => verdict === "failed").map(({ name }) => name);

describe("ittybit:check", () => {
  it.each([
    [
      "reference",
      /^reference \(queued → .*succeeded; id job_…; output string\)$/,
      "bare array",
      'as created ("queued")',
    ],
    ["guide", /^guide \(pending → .*completed; id task_…; output url\)$/, "bare array", 'as created ("pending")'],
  ] as const)("passes against profile %s and says what it saw", async (profile, dialect, list, replay) => {
    const report = await check({ profile });
    expect(failedOf(report)).toEqual([]);
    expect(report.passed).toBe(true);
    expect(report.value("dialect")).toMatch(dialect);
    expect(report.value("list")).toContain(list);
    expect(report.value("list order")).toContain("newest first");
    expect(report.value("list by input")).toBe("200, finds the job");
    expect(report.value("replay body")).toBe(replay);
    expect(report.value("replay is the same job")).toMatch(/^200, /);
    expect(report.value("unknown job")).toMatch(/^404 {kind: "job_not_found"/);
    expect(report.value("enlarging")).toBe("yes: 900 asked at 1000 is 1000");
    expect(report.value("contain")).toContain("padded with the background");
    expect(report.value("width only keeps the shown aspect")).toBe("900×600 → 200×133");
    expect(report.value("metadata kept")).toBe("none");
    expect(Number.parseInt(report.value("quality").slice("very_low is ".length), 10)).toBeLessThan(60);
  });

  it("sees other answers where the service may differ", async () => {
    const report = await check({ clampEnlarge: true, idempotencyConflict: 409 });
    expect(report.passed).toBe(true);
    expect(report.value("enlarging")).toBe("no, the original's width: 900 asked at 1000 is 900");
    expect(report.value("same key, other body")).toMatch(/^409 /);
  });

  it.each<[string, EmulatorOptions, string]>([
    ["the wrong size", { faults: [{ fault: { type: "wrong_dimension" } }] }, "width only keeps the shown aspect"],
    ["another format", { faults: [{ fault: { type: "output", as: "mislabelled" } }] }, "output format"],
    ["a failed job", { faults: [{ fault: { type: "failed" } }] }, "the job ends well"],
    ["no output", { faults: [{ fault: { type: "output_missing" } }] }, "an output is named"],
    ["a job without end", { faults: [{ fault: { type: "stuck" } }] }, "the check runs to its end"],
    ["a refused key", { apiKey: "other" }, "the check runs to its end"],
    ["an output out of reach", { faults: [{ fault: { type: "output", as: "403" } }] }, "the check runs to its end"],
  ])("fails on %s", async (_what, options, finding) => {
    const report = await check(options, finding === "the check runs to its end" ? 400 : undefined);
    expect(report.passed).toBe(false);
    expect(failedOf(report)).toContain(finding);
    expect(formatReport(report)).toMatch(/^FAIL /m);
  });

  it.each<[Record<string, string>, number, RegExp]>([
    [{}, 0, /passed: 9 of 9 essentials/],
    [{ ITTYBIT_API_URL: "https://api.example.com" }, 1, /--original is needed/],
  ])("as a command with %j exits %i", async (env, code, text) => {
    // The Workers' generated types narrow these variables to their deployed values.
    const all = { ...(process.env as Record<string, string | undefined>), ITTYBIT_API_URL: "", ...env };
    const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], { env: all as NodeJS.ProcessEnv });
    onTestFinished(() => void child.kill("SIGKILL"));
    let shown = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (shown += String(chunk)));
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(code);
    expect(shown).toMatch(text);
  });
});

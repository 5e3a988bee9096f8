import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EVENTS } from "@prewarm/control-schema/stats";
import { describe, expect, it } from "vitest";

/** The alert rules and the board under ops/: of metrics that exist, told in the runbook, and true by promtool. */

const ROOT = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const rules = read("ops/prometheus/rules.yml");
const ruleTests = read("ops/prometheus/rules.test.yml");
const board: { panels: { title: string; targets: { expr: string }[] }[] } = JSON.parse(
  read("ops/grafana/prewarm.json"),
);
const kinds = [
  ...read("workers/consumer/src/api/metrics.ts").matchAll(/\b(gauge|counter|summary)\(\s*"(prewarm_\w+)"/g),
].map(([, type, name = ""]) => ({ type, name }));
kinds.push(...EVENTS.map((event) => ({ type: "counter", name: `prewarm_${event}_total` })));
const exposed = kinds.map(({ name }) => name);
const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name = ""]) => name);
const namesIn = (text: string): string[] => [...new Set(text.match(/\bprewarm_\w+/g))];

it("reads the metrics from the code", () => {
  expect(exposed).toContain("prewarm_troubles");
});

it("names metrics as Prometheus does: a counter ends in _total and nothing else, and a unit is a base unit", () => {
  for (const { type, name } of kinds) expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
  const units = /_(?:ms|milliseconds|minutes|hours|days|percent|kb|mb|megabytes)(?:_|$)|seconds_/;
  expect(exposed.filter((name) => units.test(name))).toEqual([]);
  expect(new Set(exposed).size).toBe(exposed.length);
});

it("alerts by metrics that exist", () => {
  const expressions = [...rules.matchAll(/expr: (.+)/g)].map(([, expression = ""]) => expression).join("\n");
  expect(namesIn(expressions).filter((name) => !exposed.includes(name))).toEqual([]);
});

it("shows every metric on the board, and none that does not exist", () => {
  const shown = namesIn(board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join("\n"));
  expect(shown.toSorted()).toEqual(exposed.toSorted());
});

describe.each(alerts)("%s", (alert) => {
  it("is tried both ways: it fires, and it does not", () => {
    const [, ...tries] = ruleTests.split(new RegExp(`alertname: ${alert}\\b`));
    const firing = tries.filter((text) => /^\s*exp_alerts:\n/.test(text));
    const silent = tries.filter((text) => /^, exp_alerts: \[\]/.test(text));
    expect([firing.length > 0, silent.length > 0]).toEqual([true, true]);
  });

  it("has a link to the dashboard, and leads to a heading of the runbook", () => {
    const [, rest = ""] = rules.split(`alert: ${alert}\n`);
    const [body = ""] = rest.split("- alert:");
    expect(body).toContain('runbook_url: "https://{{ $labels.instance }}/"');
    const [, anchor = ""] = /runbook: docs\/runbook\.md#(\S+)/.exec(body) ?? [];
    const headings = [...read("docs/runbook.md").matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) =>
      text.toLowerCase().replaceAll(",", "").replaceAll(" ", "-"),
    );
    expect(headings).toContain(anchor);
  });
});

// A machine without it still judges names and headings; where PROMTOOL names one (every night), it must be there.
const promtool = process.env.PROMTOOL ?? "promtool";
const hasPromtool = process.env.PROMTOOL !== undefined || spawnSync(promtool, ["--version"]).status === 0;

describe.skipIf(!hasPromtool)("promtool (skipped where it is not installed: apt-get install promtool)", () => {
  it.each([
    ["check", "rules", "ops/prometheus/rules.yml"],
    ["test", "rules", "ops/prometheus/rules.test.yml"],
  ])("%s %s %s", (...args) => {
    const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: ROOT, encoding: "utf8" });
    expect({ status, said: status === 0 ? "" : `${stdout}${stderr}` }).toEqual({ status: 0, said: "" });
  });
});

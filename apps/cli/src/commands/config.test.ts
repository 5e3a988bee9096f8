import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { createWorld } from "../../test/testing/fake-world.ts";
import { runCli } from "../run-cli.ts";

const CONFIG = `export default {
  sources: [{ prefix: "", url: "https://origin.example/{id}?token=ORIGIN-TOKEN" }],
  pages: { widths: [480, 960] },
  budget: { shares: { live: 0.2 } },
  events: [{ url: "https://chat.example/services/EVENT-TOKEN", secrets: ["EVENTS_SECRET"] }],
};
`;

async function run(args: string[], env: Record<string, string> = {}): Promise<string> {
  const cwd = tempFolder("prewarm-config-");
  writeFileSync(join(cwd, "prewarm.config.mjs"), CONFIG);
  const world = createWorld({ cwd, env: { PREWARM_CONFIG: "prewarm.config.mjs", ...env } });
  expect(await runCli(["config", ...args], world.context, () => {})).toBe(0);
  return world.stdout();
}

it("prewarm config prints each setting, its value, and where the value comes from", async () => {
  const printed = await run([]);
  for (const line of [
    /^pages\.widths +file +\[480,960\]$/m,
    /^pages\.make +default +\["avif"\]$/m,
    /^budget\.shares\.live +file +0\.2$/m,
    /^budget\.shares\.warming +default +0\.8$/m,
    /^access +default +open$/m,
    /^EVENTS_SECRET +default +not set here$/m,
  ])
    expect(printed).toMatch(line);
});

it("tells of the environment, and never of a secret's value", async () => {
  const env = {
    EVENTS_SECRET: "whsec_SECRET-VALUE",
    ADMIN_TOKEN: "TOKEN-VALUE",
    ORIGINALS_URL: "http://127.0.0.1:9/{id}",
  };
  const printed = await run(["--json"], env);
  const { schema, settings, secrets } = JSON.parse(printed);
  expect(schema).toBe("prewarm.config/1");
  expect(settings).toContainEqual({
    name: "sources",
    value: [{ prefix: "", url: "http://127.0.0.1:9/{id}" }],
    from: "environment",
  });
  expect(secrets).toContainEqual({ name: "EVENTS_SECRET", value: "set", from: "environment" });
  expect(settings).toHaveLength(new Set(settings.map(({ name }: { name: string }) => name)).size);
  expect(printed + (await run([]))).not.toMatch(/SECRET-VALUE|TOKEN-VALUE|EVENT-TOKEN|ORIGIN-TOKEN/);
});

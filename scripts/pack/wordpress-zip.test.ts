import { strFromU8, unzipSync } from "fflate";
import { afterEach, expect, it, vi } from "vitest";
import { VERSION } from "./package-folder.ts";
import { zipPlugin } from "./wordpress-zip.ts";

afterEach(() => vi.unstubAllEnvs());

it("the zip of the WordPress plugin is the same bytes in every time zone, and one plugin whose files agree", () => {
  const [here, there] = ["Pacific/Auckland", "America/Los_Angeles"].map((zone) => {
    vi.stubEnv("TZ", zone);
    return zipPlugin();
  });
  expect(here).toEqual(there);
  const entries = Object.entries(unzipSync(here as Uint8Array)).map(
    ([path, bytes]) => [path, strFromU8(bytes)] as const,
  );
  const files = new Map(entries);
  const [plugin = "", readme = ""] = ["prewarm.php", "readme.txt"].map((name) => files.get(`prewarm/${name}`));
  const parts = /foreach \(\[([^\]]+)\]/.exec(plugin)?.[1]?.match(/\w+/g) ?? [];
  const names = ["prewarm", "uninstall", ...parts.map((part) => `inc/${part}`)].map((name) => `prewarm/${name}.php`);
  expect([...files.keys()].sort()).toEqual([...names, "prewarm/readme.txt"].sort());
  for (const [path, text] of entries.filter(([path]) => path.endsWith(".php")))
    expect(text, path).toMatch(/^<\?php[\s\S]*^defined\('(ABSPATH|WP_UNINSTALL_PLUGIN)'\) \|\| exit;$/m);
  expect(plugin).toContain(` * Version: ${VERSION}\n`);
  expect(readme).toContain(`\nStable tag: ${VERSION}\n`);
  for (const name of ["Requires at least", "Requires PHP", "License"])
    expect(plugin).toContain(` * ${readme.split("\n").find((line) => line.startsWith(`${name}: `))}\n`);
});

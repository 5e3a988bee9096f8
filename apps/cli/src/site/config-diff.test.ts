import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { unifiedDiff, withPages } from "./config-diff.ts";

const CONFIG = `import { defineConfig } from "@prewarm/shared/config";

// The shop's images.
export default defineConfig({
  sources: [{ prefix: "", url: "https://o.example/{id}" }],
  pages: {
    widths: [320, 640], // phones, and all others
    formats: ["auto"],
  },
  budget: { month: 1000 },
});
`;
const changes = { widths: [320, 640, 960], ratios: ["1:1"] };

it.each([
  ["a list of several lines", CONFIG, ["    widths: [320, 640, 960], // phones, and all others", 'ratios: ["1:1"],']],
  [
    "a list of one line",
    CONFIG.replace(/pages: \{[^}]*\}/, 'pages: { widths: [320], make: "all" }'),
    ['pages: { ratios: ["1:1"], widths: [320, 640, 960], make: "all" },'],
  ],
  [
    "no list",
    CONFIG.replace(/ {2}pages: \{[^}]*\},\n/, ""),
    ['  pages: { widths: [320, 640, 960], ratios: ["1:1"] },'],
  ],
])("writes into %s, and git applies the diff", (_, before, wanted) => {
  const after = withPages(before, changes) ?? "";
  for (const line of wanted) expect(after).toContain(line);
  const folder = tempFolder("prewarm-diff-");
  const file = join(folder, "prewarm.config.ts");
  writeFileSync(file, before);
  const diff = unifiedDiff("prewarm.config.ts", before, after);
  const { status, stderr } = spawnSync("git", ["apply", "-"], {
    cwd: folder,
    input: `${diff.join("\n")}\n`,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(readFileSync(file, "utf8")).toBe(after);
});

it.each([CONFIG, CONFIG.replace(/ {2}pages: \{[^}]*\},\n/, "")])(
  "changes nothing where nothing is to be changed",
  (text) => {
    expect(withPages(text, {})).toBe(text);
  },
);

it("leaves a file alone that it cannot read, and has no diff of equal texts", () => {
  expect(withPages("export default site;\n", changes)).toBeNull();
  expect(unifiedDiff("a", CONFIG, CONFIG)).toEqual([]);
});

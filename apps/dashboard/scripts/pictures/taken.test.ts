import { readdirSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { SCENES } from "./scenes.ts";
import { drawn, fileOf, readTaken, THEMES, takenNow } from "./taken.ts";

const ROOT = resolve(import.meta.dirname, "../../../..");

describe("the pictures of README and docs", () => {
  it.each(SCENES)("$name: as old as what it shows; `npm run pictures -- $name` takes it again", async (scene) => {
    expect(readTaken()[scene.name]).toEqual(await takenNow(scene));
  });

  it("have a scene each, and at most 150 kB", () => {
    // A drawing is its own source.
    const files = readdirSync(join(ROOT, "docs/images")).filter((name) => !name.endsWith(".svg"));
    const ofScenes = SCENES.flatMap((scene) => THEMES.map((theme) => fileOf(scene, theme)));
    expect(files.map((name) => `docs/images/${name}`).toSorted()).toEqual(ofScenes.toSorted());
    expect(ofScenes.filter((file) => statSync(join(ROOT, file)).size > 150_000)).toEqual([]);
  });
});

describe("what a picture shows", () => {
  const PAGE = 'import { Part } from "./part.tsx";\nimport { words } from "./words.ts";\n';
  const BODY = "export const Page = () => <p>{words()}<Part /></p>;";

  /** A page with a component and a module of words, as `change` makes them. */
  async function shown(change: Record<string, string> = {}): Promise<string> {
    const root = tempFolder("prewarm-drawn-");
    const files = {
      "page.tsx": PAGE + BODY,
      "part.tsx": "export const Part = () => <i>1</i>;",
      "words.ts": "",
    };
    for (const [name, text] of Object.entries({ ...files, ...change })) await writeFile(join(root, name), text);
    return drawn("page.tsx", root);
  }

  it("changes with a component that a page imports", async () => {
    expect(await shown({ "part.tsx": "export const Part = () => <i>2</i>;" })).not.toBe(await shown());
  });

  it("stays the same with a comment, a type, or a module that draws nothing", async () => {
    const same = `${PAGE}// More words.\ntype Words = string;\n${BODY}`;
    expect(await shown({ "page.tsx": same, "words.ts": "export const words = () => 2;" })).toBe(await shown());
  });
});

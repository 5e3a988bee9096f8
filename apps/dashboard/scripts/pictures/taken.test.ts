import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { SCENES } from "./scenes.ts";
import { fileOf, readTaken, THEMES, takenNow } from "./taken.ts";

const ROOT = resolve(import.meta.dirname, "../../../..");
const pages = ["README.md", ...readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"))];
const text = pages
  .map((name) => readFileSync(join(ROOT, name === "README.md" ? name : `docs/${name}`), "utf8"))
  .join("\n");

describe("the pictures of the docs", () => {
  it.each(SCENES)("$name: no older than what it shows. Take it again by `npm run pictures -- $name`", async (scene) => {
    expect(readTaken()[scene.name]).toEqual(await takenNow(scene));
  });

  it("have a scene, and a page that shows them", () => {
    const files = readdirSync(join(ROOT, "docs/images")).filter((name) => name.endsWith(".webp"));
    const ofScenes = SCENES.flatMap((scene) => THEMES.map((theme) => fileOf(scene, theme).split("/").at(-1)));
    expect(files.toSorted()).toEqual(ofScenes.toSorted());
    expect(files.filter((name) => !text.includes(`images/${name}"`))).toEqual([]);
  });
});

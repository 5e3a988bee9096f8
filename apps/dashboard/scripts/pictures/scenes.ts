import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { settled } from "../../test/visit.ts";
import { showBusyHour } from "./busy-hour.ts";
import { compareShop } from "./compare-shop.ts";
import { tutorialPage } from "./tutorial-page.ts";

/** What a scene can use. */
export interface Stage {
  controlUrl: string;
  edgeUrl: string;
  /** The folder of the originals; dev/photos at first. */
  photos: string;
  /** Runs a command of the command line; resolves with its exit code. */
  prewarm(...args: string[]): Promise<number | null>;
}

export interface Scene {
  /** Of its two files: `docs/images/<name>.webp` and `<name>-dark.webp`. */
  name: string;
  /** CSS pixels; the files have twice as many. GitHub shows a picture at most 830 wide. */
  size: { width: number; height: number };
  /** Modules and sheets of the dashboard, and pages of text, that the picture shows: a change of them makes it old. */
  shows: readonly string[];
  /** Once, before it is taken light and dark. */
  prepare?(stage: Stage): Promise<void>;
  /** Brings a browser that is signed in to what is to be seen. */
  open(page: Page, stage: Stage): Promise<void>;
}

const SOURCES = "apps/dashboard/src";
const SCRIPTS = "apps/dashboard/scripts/pictures";
const COMMON = [
  `${SOURCES}/shell.tsx`,
  ...["tokens", "base", "shell", "parts"].map((name) => `${SOURCES}/styles/${name}.css`),
];
const pages = (...names: string[]): string[] => names.map((name) => `${SOURCES}/pages/${name}.tsx`);
const styles = (...names: string[]): string[] => names.map((name) => `${SOURCES}/styles/${name}.css`);

/** In the order in which they are taken: those that show a failure come last. */
export const SCENES: readonly Scene[] = [
  {
    name: "overview",
    size: { width: 1120, height: 712 },
    shows: [...COMMON, ...pages("overview"), ...styles("overview", "stream", "charts"), `${SCRIPTS}/busy-hour.ts`],
    async open(page, { controlUrl }) {
      await showBusyHour(page);
      await page.goto(controlUrl);
      await settled(page);
    },
  },
  {
    name: "image",
    size: { width: 1440, height: 780 },
    shows: [...COMMON, ...pages("image"), ...styles("image")],
    // As a camera makes it, for the photographs are as small as pages need them.
    async prepare({ photos, prewarm }) {
      mkdirSync(join(photos, "rooms"));
      await sharp(join(photos, "living-room.jpg"))
        .resize({ width: 4800 })
        .jpeg({ quality: 90 })
        .toFile(join(photos, "rooms/living-room.jpg"));
      await prewarm("warm", "rooms/living-room.jpg", "--wait");
    },
    async open(page, { controlUrl }) {
      await page.goto(`${controlUrl}/images/rooms/living-room.jpg`);
      await settled(page);
    },
  },
  {
    name: "from-zero",
    size: { width: 1000, height: 470 },
    shows: ["docs/from-zero.md"],
    async open(page, { edgeUrl, photos }) {
      await page.goto(tutorialPage(edgeUrl, dirname(photos)));
    },
  },
  {
    name: "try",
    size: { width: 830, height: 390 },
    shows: [`${SCRIPTS}/compare-shop.ts`],
    open: compareShop,
  },
  {
    name: "causes",
    size: { width: 1120, height: 482 },
    shows: [...COMMON, ...pages("causes"), ...styles("lists")],
    async prepare({ photos, prewarm }) {
      writeFileSync(join(photos, "leaflet.jpg"), "%PDF-1.7\n");
      const ids = ["oak-bed", "linen-sofa", "reading-lamp"].map((name) => `autum-2027/${name}.jpg`);
      const code = await prewarm("warm", ...ids, "leaflet.jpg", "--wait", "--label", "Autumn 2027");
      if (code === 0) throw new Error("Originals of no use were warmed.");
    },
    async open(page, { controlUrl }) {
      await page.goto(`${controlUrl}/jobs/causes?window=all`);
      await settled(page);
    },
  },
];

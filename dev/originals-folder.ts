import { watch } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** A folder of one's own pictures (ORIGINALS_DIR): an id is a file's path within it, as it is. */
export interface OriginalsFolder {
  /** The file of an id; null: there is none, or it lies outside, by `..` or by a link. */
  find(id: string): Promise<string | null>;
  /** Up to `count` ids of pictures, for the URLs that start prints. */
  some(count: number): Promise<string[]>;
  /** Tells files that are new, changed or gone, a moment after that, each once. Returns what ends it. */
  watch(changed: (change: FileChange) => void): () => void;
}

export interface FileChange {
  id: string;
  /** When its bytes or its name changed, Unix ms; null: the file is gone. */
  at: number | null;
  /** Whether `find` was asked for the id before: its older bytes, or that it was missing, may be known. */
  wasAsked: boolean;
}

const PICTURE = /\.(jpe?g|png|webp|avif|heic|heif|tiff?)$/i;
/** A file that is being copied changes many times. */
const SETTLE_MS = 300;
/** Entries looked at for the URLs that start prints: a library may be huge. */
const LOOKED_AT = 1000;
/** A larger original takes long to try, and may pass a limit of Ittybit. */
const EASY_BYTES = 30_000_000;

/** `folder` is absolute. Throws an Error in words when it is no folder. */
export async function openOriginalsFolder(folder: string): Promise<OriginalsFolder> {
  const info = await stat(folder).catch(() => null);
  if (info === null) throw new Error(`ORIGINALS_DIR is not there: ${folder}`);
  if (!info.isDirectory()) throw new Error(`ORIGINALS_DIR is no folder: ${folder}`);
  const root = await realpath(folder);
  /** When `find` was first asked for an id, Unix ms. */
  const askedAt = new Map<string, number>();
  return {
    find: (id) => {
      if (!askedAt.has(id)) askedAt.set(id, Date.now());
      return findWithin(root, id);
    },
    some: (count) => somePictures(root, count),
    watch: (changed) =>
      watchFolder(root, async (id) => {
        const info = await stat(join(root, id)).catch(() => null);
        const at = info?.ctimeMs ?? null;
        changed({ id, at, wasAsked: (askedAt.get(id) ?? Number.POSITIVE_INFINITY) < (at ?? Date.now()) });
      }),
  };
}

async function findWithin(root: string, id: string): Promise<string | null> {
  if (!isVisible(id.split("/"))) return null;
  const file = await realpath(join(root, id)).catch(() => null);
  if (file === null || !file.startsWith(root + sep)) return null;
  const info = await stat(file).catch(() => null);
  return info?.isFile() ? file : null;
}

/** Hidden files are nobody's pictures, and may be secrets. This also refuses `.` and `..`. */
function isVisible(segments: readonly string[]): boolean {
  return segments.every((segment) => segment !== "" && !segment.startsWith(".") && !/[\\\0]/.test(segment));
}

async function somePictures(root: string, count: number): Promise<string[]> {
  const found = await pictures(root);
  // Those that a shell and a person can copy as they are, and that a transform accepts, before all others.
  const isEasy = ({ id, bytes }: Picture): boolean => /^[\w./-]+$/.test(id) && bytes <= EASY_BYTES;
  return [...found.filter(isEasy), ...found.filter((one) => !isEasy(one))].slice(0, count).map(({ id }) => id);
}

interface Picture {
  id: string;
  bytes: number;
}

/** The first pictures by name, folder by folder. */
async function pictures(root: string): Promise<Picture[]> {
  const found: Picture[] = [];
  const folders = [root];
  let looked = 0;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      looked += 1;
      if (looked > LOOKED_AT) return found;
      if (entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (PICTURE.test(entry.name)) found.push({ id: idOf(root, path), bytes: (await stat(path)).size });
    }
  }
  return found;
}

function watchFolder(root: string, changed: (id: string) => Promise<void>): () => void {
  const waiting = new Map<string, NodeJS.Timeout>();
  const watcher = watch(root, { recursive: true }, (_, name) => {
    const id = name === null ? "" : name.split(sep).join("/");
    if (!isVisible(id.split("/")) || !PICTURE.test(id)) return;
    clearTimeout(waiting.get(id));
    const tell = (): void => {
      waiting.delete(id);
      void changed(id);
    };
    waiting.set(id, setTimeout(tell, SETTLE_MS));
  });
  watcher.on("error", (error) => console.error(`ORIGINALS_DIR is no longer watched: ${error.message}`));
  return () => {
    watcher.close();
    for (const timer of waiting.values()) clearTimeout(timer);
  };
}

function idOf(root: string, file: string): string {
  return relative(root, file).split(sep).join("/");
}

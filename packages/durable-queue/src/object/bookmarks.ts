import { errorText } from "../log.ts";
import type { QueueDeps } from "./queue-deps.ts";

/** The answer of the call has left by then. */
const RESTART_MS = 200;

/** The platform's bookmarks of the last 30 days. */
export interface PlatformBookmarks {
  now(): Promise<string>;
  at(time: number): Promise<string>;
  /** The next instance has the database of the bookmark. Answers the bookmark of now. */
  restoreNext(bookmark: string): Promise<string>;
  restart(): void;
}

/** A bookmark, and the bookmark of now, which takes a restore back. */
export interface Bookmarked {
  bookmark: string;
  undo: string;
}

/** A time (Unix ms), or a bookmark. */
export type Place = { at: number } | { bookmark: string };

/** The bookmark of a place, and the bookmark of now. Null: the platform keeps none, as in local runs, or not this one. */
export function findBookmark(
  bookmarks: PlatformBookmarks | undefined,
  to: Place,
  deps: QueueDeps,
): Promise<Bookmarked | null> {
  return orNull(bookmarks, deps, async (keeps) => ({ bookmark: await bookmarkOf(to, keeps), undo: await keeps.now() }));
}

/** Restarts the object on the database of that place. Null: as above. */
export function restoreTo(
  host: { bookmarks?: PlatformBookmarks; waitUntil(work: Promise<unknown>): void },
  to: Place,
  deps: QueueDeps,
): Promise<Bookmarked | null> {
  return orNull(host.bookmarks, deps, async (keeps) => {
    const bookmark = await bookmarkOf(to, keeps);
    const undo = await keeps.restoreNext(bookmark);
    host.waitUntil(deps.sleep(RESTART_MS).then(() => keeps.restart()));
    return { bookmark, undo };
  });
}

async function orNull<T>(
  bookmarks: PlatformBookmarks | undefined,
  { log }: QueueDeps,
  work: (keeps: PlatformBookmarks) => Promise<T>,
): Promise<T | null> {
  try {
    return bookmarks === undefined ? null : await work(bookmarks);
  } catch (error) {
    // The text is no bookmark, or the bookmark is too old.
    log("queue.restore_failed", { error: errorText(error) });
    return null;
  }
}

async function bookmarkOf(to: Place, keeps: PlatformBookmarks): Promise<string> {
  return "bookmark" in to ? to.bookmark : keeps.at(to.at);
}

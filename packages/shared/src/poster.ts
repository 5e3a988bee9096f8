import type { Config } from "./config.ts";
import { extensionOf } from "./image-id.ts";

/** Films of which posters are made, by extension. */
export const FILM_EXTENSIONS: readonly string[] = ["mp4", "m4v", "mov", "webm"];

/** A still of a film: an image of its own, so that keys, purges and markers need no rule of their own. */
export interface Poster {
  /** The film's id. */
  film: string;
  /** Seconds from the film's start. */
  seconds: number;
}

const POSTER = /^(.+\.(\w+))\/t=(0|(?:[1-9]\d{0,4}|0(?=\.))(?:\.\d{0,2}[1-9])?)\.\2$/;

/** `films/a.mp4/t=4.5.mp4`. It ends as the film does, so that `unshowable` holds for both. */
export function posterId({ film, seconds }: Poster): string {
  return `${film}/t=${seconds}.${film.slice(film.lastIndexOf(".") + 1)}`;
}

/** The inverse of `posterId`; null for what it never printed. */
export function readPoster(id: string): Poster | null {
  const [, film, extension = "", seconds] = POSTER.exec(id) ?? [];
  return film !== undefined && FILM_EXTENSIONS.includes(extension.toLowerCase())
    ? { film, seconds: Number(seconds) }
    : null;
}

export function isFilm(id: string): boolean {
  return FILM_EXTENSIONS.includes(extensionOf(id) ?? "") && readPoster(id) === null;
}

/** The times of which the configuration has posters, in seconds; none without `posters()`. */
export function posterTimes({ legacy }: Pick<Config, "legacy">): readonly number[] {
  return legacy.flatMap(({ posters }) => posters ?? []);
}

/** The poster that an id names, if the configuration has it. */
export function posterOf(config: Pick<Config, "legacy">, id: string): Poster | null {
  const poster = readPoster(id);
  return poster !== null && posterTimes(config).includes(poster.seconds) ? poster : null;
}

/** The images of an id: its posters if it is a film of which there are some, else itself. */
export function imagesOf(config: Pick<Config, "legacy">, id: string): string[] {
  const times = isFilm(id) ? posterTimes(config) : [];
  return times.length === 0 ? [id] : times.map((seconds) => posterId({ film: id, seconds }));
}

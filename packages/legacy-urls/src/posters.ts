import { AppError } from "@prewarm/shared/errors";
import { formatId, parseId } from "@prewarm/shared/image-id";
import { isFilm, posterId, readPoster } from "@prewarm/shared/poster";
import { type LegacyService, refusal } from "./service.ts";

interface PostersOptions {
  /** Seconds from a film's start of which there are posters, such as `[0, 5, 12.5]`: at most ten. The first is that of a URL without `t`. */
  times: readonly number[];
}

const IMAGES = "/images/";
const TIMES_MAX = 10;

/**
 * Posters of films: `/images/films/a.mp4?t=5&w=800`. It stands before the edge as services of old URLs do, and turns the request into that
 * for the poster's own id. `unshowable` must name the extensions of films, so that a miss leads to no film.
 */
export function posters({ times }: PostersOptions): LegacyService {
  const isTime = (time: number): boolean => readPoster(posterId({ film: "a.mp4", seconds: time })) !== null;
  if (times.length === 0 || times.length > TIMES_MAX || new Set(times).size < times.length || !times.every(isTime))
    throw new Error(
      "posters: write one to ten different times in seconds, from 0 to 99999, with at most three decimals",
    );
  return {
    ...{ name: "posters", secrets: [], hosts: [], posters: times },
    // No old URL: `t` is a parameter of image URLs.
    read: () => null,
    async serve(request, next) {
      const url = /^(GET|HEAD)$/.test(request.method) ? URL.parse(request.url) : null;
      const id = url?.pathname.startsWith(IMAGES) === true ? idIn(url.pathname) : null;
      if (url === null || id === null) return next(request);
      try {
        const poster = posterIn(id, url.searchParams, times);
        if (poster === null) return next(request);
        url.pathname = `${IMAGES}${formatId(poster)}`;
      } catch (error) {
        if (error instanceof AppError) return refusal(error, request.method);
        throw error;
      }
      return next(new Request(url, request));
    },
  };
}

function idIn(path: string): string | null {
  try {
    return parseId(path.slice(IMAGES.length));
  } catch {
    // The edge says what is wrong with it.
    return null;
  }
}

/** The poster's id, and `t` taken out of the query; null for what is no film. Throws for a time that is not listed. */
function posterIn(id: string, query: URLSearchParams, times: readonly number[]): string | null {
  const named = readPoster(id);
  const film = named?.film ?? (isFilm(id) ? id : null);
  if (film === null) return null;
  const asked = [...(named === null ? [] : [String(named.seconds)]), ...query.getAll("t")];
  if (asked.length > 1)
    throw new AppError("parameter_repeated", { detail: "The parameter t is given more than once.", parameter: "t" });
  const [text = String(times[0])] = asked;
  const seconds = times.find((time) => String(time) === text);
  // Only listed times: else strangers could have any number of stills made.
  if (seconds === undefined) {
    const allowed = times.map(String);
    const detail = `"${text.slice(0, 64)}" is not a value of t.`;
    throw new AppError("parameter_invalid", { detail, parameter: "t", allowed });
  }
  query.delete("t");
  return posterId({ film, seconds });
}

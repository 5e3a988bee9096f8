import type { Mutation } from "./promises.ts";

const FILM = "packages/shared/src/film";
const DOOR = "packages/legacy-urls/src/posters.ts";

/** Posters of films (docs/posters.md): each promise broken, and the test that must then be red. */
export const POSTERS: Mutation[] = [
  {
    promise: "L12",
    breaks: "strangers may name any time of a film",
    file: DOOR,
    find: "times.find((time) => String(time) === text)",
    replace: "Number(text)",
    tests: ["packages/legacy-urls/test/posters.test.ts"],
  },
  {
    promise: "L12",
    breaks: "an id of a time that is not listed is a poster",
    file: "packages/shared/src/poster.ts",
    find: "poster !== null && posterTimes(config).includes(poster.seconds)",
    replace: "poster !== null",
    tests: ["packages/shared/src/poster.test.ts"],
  },
  {
    promise: "L12",
    breaks: "a configuration that sends viewers to films is deployed",
    file: "packages/shared/src/config-rules.ts",
    find: "!unshowable.includes(extension)",
    replace: "unshowable.length === 0",
    tests: ["packages/legacy-urls/test/posters.test.ts"],
  },
  {
    promise: "L12",
    breaks: "a film that is cut off is taken for a whole one",
    file: `${FILM}/mp4.ts`,
    find: 'if (!hasPictures || end !== parts.total) throw new FilmFault("the film is cut off");',
    replace: "",
    tests: [`${FILM}/read-film.test.ts`],
  },
  {
    promise: "L12",
    breaks: "a film that stands on its side has the size of one that does not",
    file: `${FILM}/mp4.ts`,
    find: "rotation % 180 === 0",
    replace: "rotation % 90 === 0",
    tests: [`${FILM}/read-film.test.ts`],
  },
  {
    promise: "L12",
    breaks: "a job is ordered for a time past a film's end",
    file: "workers/consumer/src/originals/probe.ts",
    find: "if (poster.seconds >= seconds)",
    replace: "if (poster.seconds < 0)",
    tests: ["workers/consumer/src/originals/probe-poster.test.ts"],
  },
  {
    promise: "L12",
    breaks: "a film that was replaced while its header was read is taken for one film",
    file: "workers/consumer/src/originals/look-at-film.ts",
    find: "if (start.etag !== etag) throw new ReadFailure(CHANGED);",
    replace: "",
    tests: ["workers/consumer/src/originals/probe-poster.test.ts"],
  },
  {
    promise: "L12",
    breaks: "an upload of a film makes no poster",
    file: "workers/consumer/src/hooks/enqueue-events.ts",
    find: "imagesOf(config, event.id).map((id) => ({ ...event, id }))",
    replace: "[event]",
    tests: ["workers/consumer/src/hooks/posters.test.ts"],
  },
  {
    promise: "L1",
    breaks: "a new alternative text announces an upload of Payload again",
    file: "packages/client/src/cms/payload.ts",
    find: "now.v !== before.v",
    replace: "true",
    tests: ["packages/client/src/cms/payload.test.ts"],
  },
  {
    promise: "L1",
    breaks: "an image that EmDash deletes stays at the edge",
    file: "packages/client/src/cms/emdash.ts",
    find: 'if (IMAGE.test(key)) await announce("image.deleted", key);',
    replace: "",
    tests: ["packages/client/src/cms/emdash.test.ts"],
  },
  {
    promise: "L1",
    breaks: "EmDash's deliveries go out of order after an outage of the hook",
    file: "packages/client/src/cms/emdash.ts",
    find: "files.map(({ key }) => key).sort()",
    replace: "files.map(({ key }) => key)",
    tests: ["packages/client/src/cms/emdash.test.ts"],
  },
];

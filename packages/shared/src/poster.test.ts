import { describe, expect, it } from "vitest";
import { imagesOf, isFilm, posterId, posterOf, readPoster } from "./poster.ts";

const config = { legacy: [{ name: "posters", posters: [0, 4.5] }] } as never;
const none = { legacy: [] };

describe("a poster's id", () => {
  it.each([
    ["films/a.mp4", 0, "films/a.mp4/t=0.mp4"],
    ["a.b/c d.MOV", 4.5, "a.b/c d.MOV/t=4.5.MOV"],
    ["a.webm", 99999.125, "a.webm/t=99999.125.webm"],
    ["a.m4v", 0.05, "a.m4v/t=0.05.m4v"],
  ])("of %s at %f s is read back", (film, seconds, id) => {
    expect(posterId({ film, seconds })).toBe(id);
    expect(readPoster(id)).toEqual({ film, seconds });
    expect(isFilm(id)).toBe(false);
    expect(isFilm(film)).toBe(true);
  });

  it.each([
    "a.mp4",
    "a.mp4/t=1.mov",
    "a.jpg/t=1.jpg",
    "a.mp4/t=01.mp4",
    "a.mp4/t=1.50.mp4",
    "a.mp4/t=1..mp4",
    "a.mp4/t=-1.mp4",
    "a.mp4/t=1e3.mp4",
    "a.mp4/t=100000.mp4",
    "a.mp4/t=1.mp4/x",
    ".mp4/t=1.mp4/t=1.mp4x",
  ])("is not %s: each poster has one id", (id) => expect(readPoster(id)).toBeNull());
});

it("counts only with a listed time", () => {
  expect(posterOf(config, "a.mp4/t=4.5.mp4")).toEqual({ film: "a.mp4", seconds: 4.5 });
  expect(posterOf(config, "a.mp4/t=5.mp4")).toBeNull();
  expect(posterOf(none, "a.mp4/t=4.5.mp4")).toBeNull();
});

it("stands for a film where the configuration has posters", () => {
  expect(imagesOf(config, "a.mp4")).toEqual(["a.mp4/t=0.mp4", "a.mp4/t=4.5.mp4"]);
  expect(imagesOf(none, "a.mp4")).toEqual(["a.mp4"]);
  expect(imagesOf(config, "a.jpg")).toEqual(["a.jpg"]);
  expect(imagesOf(config, "a.mp4/t=4.5.mp4")).toEqual(["a.mp4/t=4.5.mp4"]);
});

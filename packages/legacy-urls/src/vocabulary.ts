import type { Position } from "@prewarm/shared/config";
import {
  type Asked,
  approximate,
  hide,
  multiply,
  readDensity,
  readShape,
  readSize,
  takeFormat,
  takeName,
  takeQuality,
  unsupported,
} from "./asked.ts";
import { hides } from "./hiding-query.ts";

/*
 * Services whose URLs are a list of names with values: `width=300&height=200`, `w-300,h-200`, `s_300x200`. They differ in their names only.
 */

/** What a parameter of a service means. `harmless`: it changes nothing that this site would do otherwise. */
export type Role =
  | "width"
  | "height"
  | "size"
  | "density"
  | "ratio"
  | "fit"
  | "crop"
  | "position"
  | "quality"
  | "format"
  | "negotiated"
  | "preset"
  | "hiding"
  | "harmless";

/** A service's names. */
export interface Vocabulary {
  /** By name. A parameter that is not here has no counterpart, and hides where it is called as in `hides`. */
  roles: Readonly<Record<string, Role>>;
  /** Its words for a fit. */
  fits?: Readonly<Record<string, Asked["fit"]>>;
  /** Of these words the ones whose counterpart is only near. */
  nearFits?: readonly string[];
  /** The fit of both sides where the URL has no word for it. */
  fit: Asked["fit"];
  /** The format where the URL names none. Null: the original's. */
  format: "auto" | null;
}

/** Reads the parameters of an old URL. */
export function takeParameters(
  asked: Asked,
  pairs: Iterable<readonly [name: string, value: string]>,
  vocabulary: Vocabulary,
): void {
  asked.fit = vocabulary.fit;
  asked.format = vocabulary.format;
  const given = { density: 1, ratio: null as number | null };
  for (const [name, value] of pairs) {
    const unnamed = hides(name, value) ? "hiding" : undefined;
    const role = Object.hasOwn(vocabulary.roles, name) ? vocabulary.roles[name] : unnamed;
    if (role === "width" || role === "height") asked[role] = readSize(asked, name, value);
    else if (role === "size") takeSize(asked, name, value);
    else if (role === "density") given.density = readDensity(asked, value);
    else if (role === "ratio" || (role === "crop" && /^[\d.]{1,9}:[\d.]/.test(value)))
      given.ratio = takeRatio(asked, name, value);
    else if (role !== undefined) take(asked, role, { name, value, vocabulary });
    // A switch that is off.
    else if (!/^(0|false|off|none)$/.test(value)) unsupported(asked, name.slice(0, 32));
  }
  shape(asked, given.ratio);
  multiply(asked, given.density);
}

/** A ratio makes one side of the other; both sides need none. */
function shape(asked: Asked, ratio: number | null): void {
  if (ratio === null || (asked.width !== null && asked.height !== null)) return;
  asked.fit = "cover";
  if (asked.width !== null) asked.height = asked.width / ratio;
  else if (asked.height !== null) asked.width = asked.height * ratio;
  else unsupported(asked, "a ratio without a size");
}

interface Parameter {
  name: string;
  value: string;
  vocabulary: Vocabulary;
}

function take(asked: Asked, role: Role, { name, value, vocabulary }: Parameter): void {
  if (role === "quality") takeQuality(asked, name, value.split(",", 1)[0] ?? "");
  else if (role === "format") takeFormat(asked, name, value);
  else if (role === "negotiated") asked.format ??= "auto";
  else if (role === "fit") takeFit(asked, name, value, vocabulary);
  else if (role === "position") takePosition(asked, name, value);
  else if (role === "crop") takeCrop(asked, name, value);
  else if (role === "hiding") hide(asked, name.slice(0, 32));
  else if (role === "preset") takeName(asked, value);
}

function takeFit(asked: Asked, name: string, word: string, { fits = {}, nearFits = [] }: Vocabulary): void {
  const fit = Object.hasOwn(fits, word) ? fits[word] : undefined;
  if (fit === undefined) unsupported(asked, `${name}=${word.slice(0, 24)}`);
  else asked.fit = fit;
  if (nearFits.includes(word)) approximate(asked, `${name}=${word}`);
}

/** `800x600`, of which one side may be missing. */
function takeSize(asked: Asked, name: string, value: string): void {
  const [width = "", height = ""] = value.split(/x/i, 2);
  if (width !== "" || height === "") asked.width = readSize(asked, name, width);
  if (height !== "") asked.height = readSize(asked, name, height);
}

/** `16:9`, and behind a comma where the crop is placed, which is near only. */
function takeRatio(asked: Asked, name: string, value: string): number | null {
  const [ratio = "", ...place] = value.split(",");
  if (place.length > 0) approximate(asked, `${name}=${value.slice(0, 16)}`);
  const read = readShape(ratio.replace("-", ":"));
  if (read === null && ratio !== "auto") unsupported(asked, name);
  return read;
}

/** A word says where both sides are cut; numbers name a part of the original in its own pixels, which has no counterpart. */
function takeCrop(asked: Asked, name: string, value: string): void {
  if (/^[a-z]/.test(value) && value !== "region") {
    asked.fit = "cover";
    takePosition(asked, name, value);
  } else unsupported(asked, name);
}

const SIDES: Readonly<Record<string, Position | null>> = {
  top: "top",
  bottom: "bottom",
  left: "left",
  right: "right",
  center: null,
  centre: null,
  north: "top",
  south: "bottom",
  west: "left",
  east: "right",
};

/** Where a crop is placed. A corner is its first half, for a crop cuts one axis; faces and content are the image's focal point here. */
function takePosition(asked: Asked, name: string, word: string): void {
  const [side = ""] = /^(?:top|bottom|left|right|cent(?:er|re)|north|south|west|east)/.exec(word) ?? [];
  asked.pos = SIDES[side] ?? null;
  if (side !== word) approximate(asked, `${name}=${word.slice(0, 16)}`);
}

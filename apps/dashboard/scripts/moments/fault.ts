import type { Level, Part } from "@prewarm/control-schema/troubles";
import type { Scene } from "./scene.ts";

/** A fault as an operator meets it, and what has to be said of it. */
export interface Fault {
  name: string;
  part: Part;
  level: Level;
  code: string;
  /** The station of the overview that is marked. */
  box: string;
  sentence: RegExp;
  cure: RegExp;
  /** Its end is not waited for: it counts for an hour, or its jobs keep failing. */
  lasts?: true;
  begin(scene: Scene): Promise<unknown> | unknown;
  end(scene: Scene): Promise<unknown> | unknown;
}

/** Orders so many images of a folder, in a run of its name; the run. */
export const warmed = (scene: Scene, folder: string, n: number) =>
  scene.warm(
    Array.from({ length: n }, (_, at) => `${folder}/${at}`),
    folder,
  );

/** The whole budget, and the shares that stand in the configuration. */
export const WHOLE = { warmingShare: 0.8, liveShare: 0.5, liveDayShare: 1, monthlyJobs: null };

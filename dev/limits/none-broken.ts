import { afterEach, expect } from "vitest";
import { broken } from "./platform-limits.ts";

/** In every file of the workerd tests: an error of the platform may have been caught and tried again. */
afterEach(() => expect(broken.splice(0)).toEqual([]));

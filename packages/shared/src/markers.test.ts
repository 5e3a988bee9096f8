import { describe, expect, it } from "vitest";
import { type GateFile, parseGate, parseMarker } from "./markers.ts";

describe("parseMarker", () => {
  it("reads what was written", () => {
    const marker = { code: "missing", until: 1_800_000_000_000 };
    expect(parseMarker(JSON.stringify(marker))).toEqual(marker);
  });
  it.each([
    "",
    "null",
    "[]",
    '"x"',
    "{}",
    '{"code":"x"}',
    '{"code":1,"until":2}',
    '{"code":"x","until":"2"}',
    '{"code":"x","until":-1}',
    '{"code":"x","until":1e999}',
  ])("takes %j for none, so that it silences nothing", (text) => expect(parseMarker(text)).toBeNull());
});

describe("parseGate", () => {
  it("reads what was written", () => {
    const gate: GateFile = { closed: ["live", "bulk"], reason: "paused", shedUntil: 9, at: 5 };
    expect(parseGate(JSON.stringify(gate))).toEqual(gate);
    expect(parseGate('{"closed":[],"reason":null,"at":5}')).toEqual({ closed: [], reason: null, shedUntil: 0, at: 5 });
  });
  it("skips lanes that it does not know", () => {
    expect(parseGate('{"closed":["night","upload",7],"at":5}')).toEqual({
      closed: ["upload"],
      reason: null,
      shedUntil: 0,
      at: 5,
    });
  });
  it.each(["", "null", "{}", '{"closed":"live","at":5}', '{"closed":["live"]}', '{"closed":["live"],"at":null}'])(
    "takes %j for none, so that it closes nothing",
    (text) => expect(parseGate(text)).toBeNull(),
  );
});

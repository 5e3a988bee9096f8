import { describe, expect, it } from "vitest";
import { chunkOf } from "../ledger/testing/chunk-of.ts";
import { setup } from "../ledger/testing/setup.ts";

const OF = (v: string | null) => `a/${v === null ? "" : `@${v}/`}400-high.webp`;

/** A ledger, with requests that announce a version or (undefined) none. */
function world() {
  const made = setup();
  let deliveries = 0;
  const announce = (announces: string | null | undefined, keys: string[], order: string | null = null) => {
    deliveries += 1;
    const chunk = chunkOf({ keys, lane: "upload" }, { id: `announced-${deliveries}`, chunk: 0, hash: "h" });
    const images = chunk.images.map((image) => ({
      ...image,
      order,
      ...(announces === undefined ? {} : { announces }),
    }));
    made.ledger.acceptChunk({ ...chunk, images });
  };
  /** The numbers that a worker is told with all open jobs, by key. */
  const told = (owner: string) => {
    const { give, announced } = made.call(owner);
    return Object.fromEntries(give.map(({ id, key }) => [key, announced?.[id]]));
  };
  const rows = () => made.sql.exec("SELECT v, announced FROM images");
  return { ...made, announce, told, rows };
}

describe("the version that was announced last", () => {
  it("comes with its jobs, by any order, and with no job of another version", () => {
    const { announce, view, told } = world();
    announce("2", [OF("2")]);
    announce(undefined, [OF("1")]);
    view("viewer", "a/@2/800-high.webp", OF(null));
    const { [OF("2")]: number, ...others } = told("worker");
    expect(number).toBeGreaterThan(0);
    expect(others).toEqual({ [OF("1")]: undefined });
    expect(told("other")).toEqual({});
  });

  it("is the later one: its number grows, and the older jobs have none", () => {
    const { announce, told, leave } = world();
    announce("1", [OF("1")]);
    const before = told("first")[OF("1")] ?? 0;
    leave("first");
    announce("2", [OF("2")]);
    const after = told("second");
    expect(after[OF("1")]).toBeUndefined();
    expect(after[OF("2")]).toBeGreaterThan(before);
  });

  it("takes a row of an image only if there is a version to remember", () => {
    const { announce, rows } = world();
    announce(null, [OF(null)]);
    expect(rows()).toEqual([]);
    announce("2", [OF("2")]);
    const [first] = rows();
    announce("2", [OF("2")]);
    expect(rows()).toEqual([first]);
    announce(null, [OF(null)]);
    expect(rows()).toEqual([{ v: null, announced: expect.any(Number) }]);
    expect(rows()[0]?.announced).toBeGreaterThan(Number(first?.announced));
  });

  it("is none if an upload names an order and no version", () => {
    const { announce, told } = world();
    announce(null, [OF(null)], "7");
    expect(told("worker")[OF(null)]).toBeGreaterThan(0);
  });
});

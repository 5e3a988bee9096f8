import { ImageInfo, ImageInfos } from "@prewarm/control-schema/info";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { checkItem } from "../input/item.ts";
import { readLines } from "../input/read-lines.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** What one call of the API takes. */
const CHUNK_MAX = 1000;

const SeenInfo = ImageInfo.pick({
  id: true,
  width: true,
  height: true,
  type: true,
  bytes: true,
  lqip: true,
  widths: true,
});
type SeenInfo = z.infer<typeof SeenInfo>;
const INFOS = ImageInfos.extend({ images: z.array(SeenInfo) });

export const infoCommand: Command = {
  name: "info",
  description: "Print size, type and placeholder of images",
  more: "For builds; an image without a stored variant is not known.",
  operands: { hint: "<id…>", description: "Image ids; - reads one a line", min: 1, max: Number.POSITIVE_INFINITY },
  flags: {},
  examples: ["prewarm info photo-abc123", "ls photos | prewarm info - --json > images.json"],
  async run(args, context) {
    const asked: string[] = [];
    for (const operand of args.operands) {
      if (operand !== "-") asked.push(checkId(operand));
      else for await (const { text } of readLines(context.stdin)) if (text !== "") asked.push(checkId(text ?? ""));
    }
    const ids = [...new Set(asked)];
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const images: SeenInfo[] = [];
    const unknown: string[] = [];
    for (let at = 0; at < ids.length; at += CHUNK_MAX) {
      const body = { ids: ids.slice(at, at + CHUNK_MAX) };
      const answer = await api.call("POST /api/v1/info", { body }, INFOS, { what: "info" });
      images.push(...answer.images);
      unknown.push(...answer.unknown);
    }
    if (report.json) report.document("prewarm.info/1", { images, unknown });
    else for (const line of formatImages(images)) report.data(line);
    if (!report.json && unknown.length > 0) report.note(`Not known yet: ${unknown.join(", ")}`);
    return EXIT.ok;
  },
};

function checkId(id: string): string {
  try {
    return checkItem({ id }).id;
  } catch (error) {
    throw usageError(`${id}: ${error instanceof Error ? error.message : error}`);
  }
}

function formatImages(images: readonly SeenInfo[]): string[] {
  const rows = images.map(({ id, width, height, type, bytes, widths }) => [
    `${width}×${height}`,
    type,
    bytes === null ? "" : `${bytes}`,
    widths.join(","),
    id,
  ]);
  return rows.length === 0 ? [] : formatTable([["SIZE", "TYPE", "BYTES", "WIDTHS", "ID"], ...rows]);
}

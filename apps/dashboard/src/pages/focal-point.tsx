import type { Image, Variant } from "@prewarm/control-schema/images";
import { useState } from "preact/hooks";
import { ask } from "../api/session.ts";
import { plural } from "../lib/format.ts";
import { ActButton } from "../ui/act-button.tsx";

interface FocalPointProps {
  image: Image;
  url: string;
  variants: readonly Variant[];
  close(): void;
  changed(): void;
}

const STEPS: Record<string, [x: number, y: number]> = {
  ArrowLeft: [-0.01, 0],
  ArrowRight: [0.01, 0],
  ArrowUp: [0, -0.01],
  ArrowDown: [0, 0.01],
};
const within = (share: number): number => Math.min(1, Math.max(0, Math.round(share * 100) / 100));

/** Where crops look: a click on the picture, or the arrow keys. */
export function FocalPoint({ image, url, variants, close, changed }: FocalPointProps) {
  const [[x, y], setPoint] = useState<readonly [number, number]>(image.focal ?? [0.5, 0.5]);
  const crops = variants.filter(({ transform }) => /(?:^|&)h=/.test(transform) && !/(?:^|&)pos=/.test(transform));
  const put = async (focal: [number, number] | null) => {
    await ask("PUT /api/v1/images/{id}/focal", { params: { id: image.id }, body: { focal } });
    close();
    changed();
    return focal === null ? "Crops keep the centre." : "The focal point is set.";
  };
  return (
    <div class="stack">
      <div class="stage">
        <img src={url} alt="Original" referrerpolicy="no-referrer" />
        <i class="focal-dot" style={{ left: `${x * 100}%`, top: `${y * 100}%` }} />
        <button
          type="button"
          aria-label="Focal point: click, or move it with the arrow keys"
          onClick={({ currentTarget, clientX, clientY, detail }) => {
            if (detail === 0) return; // a key pressed it
            const { left, top, width, height } = currentTarget.getBoundingClientRect();
            setPoint([within((clientX - left) / width), within((clientY - top) / height)]);
          }}
          onKeyDown={(event) => {
            const step = STEPS[event.key];
            if (step === undefined) return;
            event.preventDefault();
            setPoint([within(x + step[0]), within(y + step[1])]);
          }}
        />
      </div>
      <p role="status" class="num">
        {Math.round(x * 100)} % from the left, {Math.round(y * 100)} % from the top.{" "}
        <span class="muted">
          {crops.length === 0
            ? "No crop is stored, so nothing is made again."
            : `${plural(crops.length, "crop")} are made again: as many jobs at most.`}
        </span>
      </p>
      <div class="row">
        <ActButton class="primary" act={() => put([x, y])}>
          Save
        </ActButton>
        {image.focal !== null && <ActButton act={() => put(null)}>Take it back</ActButton>}
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </div>
  );
}

import type { Image, Variant } from "@prewarm/control-schema/images";
import { size } from "../lib/format.ts";
import { ScrollBox } from "../ui/scroll-box.tsx";

/** One image as widths × formats: the bytes of each, and what is odd about them. */
export function VariantGrid({ image }: { image: Image }) {
  const plain = image.variants.filter(({ v, transform }) => v === null && widthOf(transform) !== null);
  const widths = [...new Set(plain.map(({ transform }) => widthOf(transform) ?? 0))].sort((a, b) => a - b);
  const formats = [...new Set(plain.map(({ format }) => format))].sort();
  if (widths.length === 0) return null;
  const at = (width: number, format: string) =>
    plain.find((one) => widthOf(one.transform) === width && one.format === format) ?? null;
  return (
    <section class="card" aria-labelledby="grid">
      <h2 id="grid">Widths and formats</h2>
      <ScrollBox label="Bytes by width and format">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">Width</th>
              {formats.map((format) => (
                <th key={format} scope="col" class="right">
                  {format}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {widths.map((width, row) => (
              <tr key={width}>
                <th scope="row" class="num">
                  {width} px
                </th>
                {formats.map((format) => {
                  const smaller = row === 0 ? null : at(widths[row - 1] ?? 0, format);
                  return <Cell key={format} variant={at(width, format)} smaller={smaller} image={image} />;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </section>
  );
}

function Cell({ variant, smaller, image }: { variant: Variant | null; smaller: Variant | null; image: Image }) {
  if (variant === null) return <td class="right muted">·</td>;
  const { bytes, state } = variant;
  const isSame = bytes !== null && smaller?.bytes === bytes && smaller.width === variant.width;
  const isLarger = bytes !== null && image.originalBytes !== null && bytes > image.originalBytes;
  return (
    <td class="right num">
      <a href={`/jobs/${variant.job}`}>{state === "stored" ? size(bytes) : state}</a>
      {isSame && <span class="pill warn">same as {smaller?.transform.match(/w=(\d+)/)?.[1]} px</span>}
      {isLarger && <span class="pill bad">larger than the original</span>}
    </td>
  );
}

/** Of a variant that is only scaled; null of a crop. */
function widthOf(transform: string): number | null {
  const options = new URLSearchParams(transform);
  const width = Number(options.get("w"));
  return width > 0 && !options.has("h") ? width : null;
}

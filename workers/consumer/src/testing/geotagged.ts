import sharp from "sharp";

/** What nobody may read in a variant. */
export const AUTHOR = "Jane Secret";
export const TITLE = "The secret garden";

const XMP = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="${TITLE}" dc:creator="${AUTHOR}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`;

/** A picture with a position, an author and XMP in it; its left half and its right half differ, so that a turn is seen. */
export async function geotagged(
  format: "webp" | "avif" | "jpeg" | "png",
  width: number,
  height: number,
  orientation = 1,
): Promise<Uint8Array> {
  const half = { width: Math.floor(width / 2), height, channels: 3 as const, background: "#205080" };
  const picture = sharp({ create: { width, height, channels: 3, background: "#d0a040" } })
    .composite([{ input: { create: half }, left: 0, top: 0 }])
    .withIccProfile("p3")
    .withExif({
      IFD0: { Artist: AUTHOR, Copyright: AUTHOR, Orientation: String(orientation) },
      IFD3: {
        GPSLatitudeRef: "N",
        GPSLatitude: "51/1 30/1 3230/100",
        GPSLongitudeRef: "W",
        GPSLongitude: "0/1 7/1 4366/100",
      },
    })
    .withXmp(XMP);
  return new Uint8Array(await picture.withMetadata({ orientation, icc: "p3" }).toFormat(format).toBuffer());
}

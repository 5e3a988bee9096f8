import { textAt } from "../strip/bytes.ts";

/*
 * Content Credentials (C2PA 2.2, "Embedding manifests") stand in a superbox of JUMBF (ISO 19566-5), whose description
 * names its kind by a UUID. Only the kind is read: other uses of JUMBF are no manifest.
 */

const MANIFEST_STORE = "c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71";
/** The UUID of the box that holds a manifest in AVIF and HEIC, and the purpose that it names behind its version and flags. */
const BOX_KIND = "\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81";
const PURPOSE = "manifest\0";

/** Whether a superbox of JUMBF begins here, that holds a store of manifests. */
export function isManifestStore(bytes: Uint8Array, from = 0): boolean {
  // A length of 1 says that a longer one follows the name.
  const isLong = textAt(bytes, from, 4) === "\0\0\0\x01";
  const inner = from + (isLong ? 16 : 8);
  return (
    textAt(bytes, from + 4, 4) === "jumb" &&
    textAt(bytes, inner + 4, 4) === "jumd" &&
    textAt(bytes, inner + 8, MANIFEST_STORE.length) === MANIFEST_STORE
  );
}

/** Whether a JPEG's APP11 segment (behind its length) begins a store: a mark, the box's number and the part's number stand before it. */
export function isManifestSegment(segment: Uint8Array): boolean {
  return textAt(segment, 0, 2) === "JP" && isManifestStore(segment, 8);
}

/** Whether the payload of a `uuid` box of AVIF or HEIC is a manifest. */
export function isManifestBox(payload: Uint8Array): boolean {
  const purpose = BOX_KIND.length + 4;
  return (
    textAt(payload, 0, BOX_KIND.length) === BOX_KIND &&
    textAt(payload, purpose, PURPOSE.length) === PURPOSE &&
    // A place in the file stands between the purpose and the store.
    isManifestStore(payload, purpose + PURPOSE.length + 8)
  );
}

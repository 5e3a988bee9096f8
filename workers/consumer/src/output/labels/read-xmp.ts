import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from "saxes";
import { DC, IPTC_EXT, type LabelName, type Labels, PHOTOSHOP, PLUS, RDF, toLabel } from "./labels.ts";

/** Characters that are read: as much as a JPEG can hold of it. */
const READ_MAX = 65_536;
/** Elements within each other: a licensor has seven. Each level costs the reader of namespaces time. Chosen. */
const DEPTH_MAX = 32;

/** Properties of the picture, by name. */
const PROPERTIES: Record<string, LabelName> = {
  [`${DC}rights`]: "copyright",
  [`${PHOTOSHOP}Credit`]: "credit",
  [`${IPTC_EXT}DigitalSourceType`]: "source",
};
const LICENSOR = `${PLUS}Licensor`;
/** Properties of a licensor. */
const OF_LICENSOR: Record<string, LabelName> = {
  [`${PLUS}LicensorName`]: "licensor",
  [`${PLUS}LicensorURL`]: "licensorUrl",
};

class Stop extends Error {}

/** Reads the picture's own properties: a packet may also describe other pictures, deeper within it. */
class Reading {
  readonly labels: Labels = {};
  /** Full names of the open elements, from `rdf:RDF` on. */
  readonly #open: string[] = [];
  #depth = 0;
  #text = "";
  #hasLicensor = false;

  open({ uri, local, attributes }: SaxesTagNS): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new Stop();
    const name = `${uri}${local}`;
    if (this.#open.length > 0 || name === `${RDF}RDF`) this.#open.push(name);
    this.#text = "";
    for (const attribute of Object.values(attributes)) this.#take(attribute);
  }

  /** A property may be an attribute of its description, and a URL one of its property. */
  #take({ uri, local, value }: SaxesAttributeNS): void {
    const name = `${uri}${local}`;
    const [, , property = ""] = this.#open;
    if (this.#open.length === 2) this.#set(PROPERTIES[name], value);
    else if (name === `${RDF}resource` && this.#open.length === 3) this.#set(PROPERTIES[property], value);
    else if (property === LICENSOR) this.#setOfLicensor(OF_LICENSOR[name], value);
  }

  text(text: string): void {
    this.#text += text;
  }

  close(): void {
    this.#depth -= 1;
    const [, description, property = ""] = this.#open;
    const name = this.#open.pop();
    if (description !== `${RDF}Description` || name === undefined) return;
    if (property === LICENSOR) this.#setOfLicensor(OF_LICENSOR[name], this.#text);
    else this.#set(PROPERTIES[property], this.#text);
    if (name === `${RDF}li` && property === LICENSOR)
      this.#hasLicensor = "licensor" in this.labels || "licensorUrl" in this.labels;
    this.#text = "";
  }

  /** Of several licensors the first one counts. */
  #setOfLicensor(label: LabelName | undefined, text: string): void {
    if (!this.#hasLicensor) this.#set(label, text);
  }

  /** The first text counts: of several languages it is the default one. */
  #set(label: LabelName | undefined, text: string): void {
    if (label === undefined || label in this.labels) return;
    const value = toLabel(label, text);
    if (value !== null) this.labels[label] = value;
  }
}

/**
 * The labels in an XMP packet, as far as it is XML: what follows an error or READ_MAX is not read. Entities other than
 * XML's own five are errors, so nothing is expanded. Never throws.
 */
export function readXmp(packet: string): Labels {
  const reading = new Reading();
  const parser = new SaxesParser({ xmlns: true });
  parser.on("opentag", (tag) => reading.open(tag));
  parser.on("text", (text) => reading.text(text));
  parser.on("cdata", (text) => reading.text(text));
  parser.on("closetag", () => reading.close());
  parser.on("error", () => {
    throw new Stop();
  });
  try {
    parser.write(packet.slice(0, READ_MAX));
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  return reading.labels;
}

import { DC, escaped, IPTC_EXT, type Labels, PHOTOSHOP, PLUS, RDF } from "./labels.ts";

function attribute(name: string, value: string | undefined): string {
  return value === undefined ? "" : ` ${name}="${escaped(value)}"`;
}

function rights(copyright: string): string {
  return `<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">${escaped(copyright)}</rdf:li></rdf:Alt></dc:rights>`;
}

function licensors({ licensor, licensorUrl }: Labels): string {
  const said = attribute("plus:LicensorName", licensor) + attribute("plus:LicensorURL", licensorUrl);
  return `<plus:Licensor><rdf:Seq><rdf:li${said}/></rdf:Seq></plus:Licensor>`;
}

/** An XMP packet with these labels and nothing else. Without `x:xmpmeta` and padding, which ISO 16684-1 leaves to the writer. */
export function writeXmp(labels: Labels): string {
  const { copyright, credit, licensor, licensorUrl, source } = labels;
  const hasLicensor = licensor !== undefined || licensorUrl !== undefined;
  const namespaces: [name: string, uri: string, isUsed: boolean][] = [
    ["dc", DC, copyright !== undefined],
    ["photoshop", PHOTOSHOP, credit !== undefined],
    ["plus", PLUS, hasLicensor],
    ["Iptc4xmpExt", IPTC_EXT, source !== undefined],
  ];
  const used = namespaces.map(([name, uri, isUsed]) => attribute(`xmlns:${name}`, isUsed ? uri : undefined));
  const plain = attribute("photoshop:Credit", credit) + attribute("Iptc4xmpExt:DigitalSourceType", source);
  const nested = (copyright === undefined ? "" : rights(copyright)) + (hasLicensor ? licensors(labels) : "");
  const description = `<rdf:Description${used.join("")}${plain}>${nested}</rdf:Description>`;
  return `<rdf:RDF xmlns:rdf="${RDF}">${description}</rdf:RDF>`;
}

/** Namespaces of XMP that labels stand in (IPTC Photo Metadata Standard 2023.2, PLUS LDF 1.0, ISO 16684-1). */

export const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
export const DC = "http://purl.org/dc/elements/1.1/";
export const PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/";
export const PLUS = "http://ns.useplus.org/ldf/xmp/1.0/";
export const IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";

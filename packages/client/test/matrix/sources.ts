/** A source as sites write them, and what it names: an id and a version, or null for what is none of our images. */
export interface Source {
  src: string;
  id: string | null;
  v?: string;
}

export const SOURCES: readonly Source[] = [
  { src: "/photos/a.jpg", id: "photos/a.jpg" },
  { src: "/a.jpg?v=2", id: "a.jpg", v: "2" },
  { src: "/a.jpg?v=2.1.0&ref=mail", id: "a.jpg", v: "2-1-0" },
  { src: "/50%off.jpg", id: "50%off.jpg" },
  { src: "/a%20b.jpg", id: "a b.jpg" },
  { src: "/a#b.jpg", id: "a#b.jpg" },
  { src: "/für/bild, groß & klein.jpg", id: "für/bild, groß & klein.jpg" },
  { src: "https://images.example.com/images/c%2Cd.jpg", id: "c,d.jpg" },
  { src: "/logo.svg", id: "logo.svg" },
  { src: "https://cms.example.org/a.jpg?x=1", id: null },
  { src: "//cms.example.org/a.jpg", id: null },
  { src: "/_next/static/media/x.1234.jpg", id: null },
  { src: "/_astro/x.1234.jpg", id: null },
  { src: "/a//b.jpg", id: null },
];

/** The source of every case that is about something else. */
export const PHOTO: Source = SOURCES[0] as Source;

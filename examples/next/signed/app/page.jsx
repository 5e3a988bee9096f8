import { SignedImage } from "./signed-image";

export default function Page() {
  return (
    <main>
      <SignedImage
        id="landscape.jpg"
        width={800}
        height={533}
        alt="A landscape"
        priority
        sizes="(min-width: 800px) 800px, 100vw"
      />
      <SignedImage id="phone.jpg" width={256} height={190} alt="From a phone" />
      <SignedImage id="portrait.jpg" v="2" width={256} height={384} alt="Upright" quality={60} />
      <div style={{ position: "relative", height: 300 }}>
        <SignedImage id="hero.jpg" fill alt="A hero" sizes="50vw" />
      </div>
      <SignedImage id="cut-out.png" width={128} height={128} alt="Cut out" />
      <SignedImage id="faces.jpg" width={600} height={346} alt="Faces" />
      <SignedImage id="albums/été 2026/plage.webp" width={400} height={297} alt="On the beach" />
      <SignedImage id="logo.svg" width={120} height={120} alt="A logo" />
    </main>
  );
}

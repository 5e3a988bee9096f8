/** Downloads a text that the page has as a file of this name. */
export function SaveButton({ name, text, children }: { name: string; text: string; children: string }) {
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <button type="button" onClick={save}>
      {children}
    </button>
  );
}

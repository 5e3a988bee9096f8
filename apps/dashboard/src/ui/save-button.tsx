interface SaveButtonProps {
  name: string;
  text: string;
  children: string;
  class?: string;
}

/** Downloads a text that the page has as a file of this name. */
export function SaveButton({ name, text, children, ...rest }: SaveButtonProps) {
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <button {...rest} type="button" onClick={save}>
      {children}
    </button>
  );
}

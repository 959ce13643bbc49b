/**
 * Files that are dropped anywhere on the page, and pictures that are pasted.
 *
 * @param onPhotos of a drop outside the panel, and of a paste
 * @param onPainting of a drop on the panel
 */
export function acceptDrops(
  panel: HTMLElement,
  onPhotos: (files: File[]) => void,
  onPainting: (file: File) => void,
): void {
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const over = (event: DragEvent) => {
    const { left, top } = panel.getBoundingClientRect(); // the panel is at the right, or at the bottom
    return event.clientX >= left && event.clientY >= top;
  };
  const show = (on: boolean, painting = false) => {
    document.body.classList.toggle("dragging", on);
    document.body.classList.toggle("dragging-painting", on && painting);
  };
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(true, over(event));
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) show(false);
  });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (!files.length) return;
    if (over(event)) onPainting(files[0]!);
    else onPhotos(files);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) onPhotos(files);
  });
}

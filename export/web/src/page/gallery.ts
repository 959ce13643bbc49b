import { element } from "./dom";
import type { Style } from "./styles";

const tiles = element("tiles", HTMLFieldSetElement);
const caption = element("caption", HTMLElement);
const captionDetail = element("caption-detail", HTMLElement);

/** The thumbnails: radio buttons, so that the arrow keys move among them. */
export class Gallery {
  #styles = new Map<HTMLInputElement, Style>();
  #current: Style | undefined;

  /** @param onChoose is told of each choice of the visitor */
  constructor(
    styles: readonly Style[],
    readonly onChoose: (style: Style) => void,
  ) {
    for (const style of styles) tiles.append(this.#tile(style));
  }

  /** Add an own painting, as the first one. */
  add(style: Style): void {
    tiles.prepend(this.#tile(style));
  }

  /** All of them, own ones first. */
  get all(): Style[] {
    return [...this.#styles.values()];
  }

  /** The style behind another one in the row; behind the last comes the first. */
  after(style: Style): Style {
    const { all } = this;
    return all[(all.indexOf(style) + 1) % all.length]!;
  }

  /** Show which styles are used, and which of them (0 or 1) the next choice replaces. */
  mark(used: readonly Style[], active: number): void {
    const current = used[active] ?? used[0]!;
    const moved = current !== this.#current && this.#current !== undefined; // the list is opened at its beginning
    this.#current = current;
    for (const [input, style] of this.#styles) {
      const tile = input.parentElement!;
      const place = used.indexOf(style);
      tile.dataset["place"] = used.length > 1 && place >= 0 ? String(place + 1) : "";
      input.checked = style === current;
      if (input.checked && moved) tile.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    caption.textContent = used.map(({ title }) => title).join(" + ");
    captionDetail.textContent = [current.detail, current.movement].filter(Boolean).join(" · ");
  }

  #tile(style: Style): HTMLElement {
    const tile = document.createElement("label");
    tile.className = "tile";
    tile.title = [style.title, style.detail, style.movement].filter(Boolean).join(", ");
    const input = document.createElement("input");
    input.type = "radio";
    input.name = "style";
    input.value = style.id;
    input.setAttribute("aria-label", tile.title);
    input.onchange = () => this.onChoose(style);
    this.#styles.set(input, style);
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = style.title;
    tile.append(input, picture(style), name);
    return tile;
  }
}

/** The thumbnail of a style; a code without a picture shows its first letters. */
export function picture(style: Style): HTMLElement {
  if (!style.thumbnail) {
    const letters = document.createElement("span");
    letters.className = "letters";
    letters.textContent = style.title.slice(0, 3);
    return letters;
  }
  const image = document.createElement("img");
  image.src = style.thumbnail;
  image.alt = "";
  image.draggable = false;
  return image;
}

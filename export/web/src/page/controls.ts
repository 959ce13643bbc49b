import { element } from "./dom";
import { picture, type Gallery } from "./gallery";
import type { Live } from "./live";
import type { Style } from "./styles";
import type { Studio } from "./studio";

const alpha = element("alpha", HTMLInputElement);
const alphaText = element("alpha-text", HTMLOutputElement);
const mix = element("mix", HTMLInputElement);
const mixOn = element("mix-on", HTMLButtonElement);
const mixOff = element("mix-off", HTMLButtonElement);
const mixRow = element("mix-row", HTMLElement);
const slots = [element("slot-1", HTMLButtonElement), element("slot-2", HTMLButtonElement)];
const sizes = element("sizes", HTMLElement);

/**
 * Connect the panel with the studio.
 *
 * @param makeGallery is given what a choice of the visitor does
 * @returns `add` takes an own painting, and chooses it
 */
export function connectControls(
  studio: Studio,
  live: Live,
  makeGallery: (onChoose: (style: Style) => void) => Gallery,
): { add(style: Style): void } {
  let active = 0; // the place in studio.styles that the next choice fills
  const gallery = makeGallery(choose);

  function choose(style: Style): void {
    studio.styles[active] = style;
    show();
    paint();
  }

  function show(): void {
    const used = studio.styles.filter((style) => style !== undefined);
    mixRow.hidden = used.length < 2;
    mixOn.hidden = used.length > 1;
    slots.forEach((slot, place) => {
      slot.setAttribute("aria-pressed", String(place === active));
      slot.replaceChildren(...used.slice(place, place + 1).map(picture));
    });
    gallery.mark(used, active); // last, since it scrolls in the room that is left
  }

  function paint(draft = false): void {
    if (!live.on) void studio.paint({ draft }); // live frames take the new values by themselves
  }

  function connectSlider(slider: HTMLInputElement, set: (value: number) => void): void {
    slider.oninput = () => {
      set(slider.valueAsNumber / 100);
      paint(true);
    };
    slider.onchange = () => paint();
  }

  connectSlider(alpha, (value) => {
    studio.alpha = value;
    alphaText.value = `${alpha.value} %`;
  });
  connectSlider(mix, (value) => {
    studio.mix = value;
  });
  slots.forEach((slot, place) => {
    slot.onclick = () => {
      active = place;
      show();
    };
  });
  mixOn.onclick = () => {
    const [first] = studio.styles;
    active = 1;
    choose(gallery.after(first));
    slots[1]!.focus();
  };
  mixOff.onclick = () => {
    active = 0;
    studio.styles = [studio.styles[0]];
    show();
    paint();
    mixOn.focus();
  };
  sizes.onchange = (event) => {
    const { value } = event.target as HTMLInputElement;
    studio.size = value === "original" ? Infinity : Number(value);
    paint();
  };
  show();
  return {
    add(style) {
      gallery.add(style);
      choose(style);
    },
  };
}

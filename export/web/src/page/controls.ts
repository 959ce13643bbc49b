import type { Quality } from "../files";
import { element } from "./dom";
import { picture, type Gallery } from "./gallery";
import type { Live } from "./live";
import { readLink, writeLink } from "./link";
import type { Style } from "./styles";
import type { Studio } from "./studio";

const STILL = 700; // ms after which a slider that is held is taken at its word

const alpha = element("alpha", HTMLInputElement);
const alphaText = element("alpha-text", HTMLOutputElement);
const mix = element("mix", HTMLInputElement);
const mixOn = element("mix-on", HTMLButtonElement);
const mixOff = element("mix-off", HTMLButtonElement);
const mixRow = element("mix-row", HTMLElement);
const slots = [element("slot-1", HTMLButtonElement), element("slot-2", HTMLButtonElement)];
const mixText = element("mix-text", HTMLOutputElement);
const random = element("random", HTMLButtonElement);
const strokes = element("strokes", HTMLInputElement);
const strokesText = element("strokes-text", HTMLOutputElement);
const strokesRow = element("strokes-row", HTMLElement);
const qualities = element("qualities", HTMLElement);
const sizes = element("sizes", HTMLElement);

/**
 * Connect the panel with the studio.
 *
 * @param makeGallery is given what a choice of the visitor does
 * @returns `add` takes an own painting, `choose` chooses one, `restore` takes what the address says
 */
export function connectControls(
  studio: Studio,
  live: Live,
  makeGallery: (onChoose: (style: Style) => void) => Gallery,
): { add(style: Style): void; choose(style: Style): void; restore(): void } {
  let active = 0; // the place in studio.styles that the next choice fills
  const gallery = makeGallery(choose);
  const radios = [...sizes.querySelectorAll("input")];
  const networks = [...qualities.querySelectorAll("input")];

  function choose(style: Style): void {
    studio.styles[active] = style;
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
    alpha.valueAsNumber = Math.round(100 * studio.alpha);
    alphaText.value = `${alpha.value} %`;
    mix.valueAsNumber = Math.round(100 * studio.mix);
    mixText.value = `${100 - mix.valueAsNumber} : ${mix.value}`;
    strokes.valueAsNumber = studio.strokes;
    strokesText.value = `${strokes.value} px`;
    strokesRow.hidden = !used.some((style) => style.strokes);
    for (const radio of radios) radio.checked = radio.value === sizeName();
    for (const radio of networks) radio.checked = radio.value === studio.quality;
    gallery.mark(used, active); // last, since it scrolls in the room that is left
  }

  function sizeName(): string {
    return studio.size === Infinity ? "original" : String(studio.size);
  }

  function paint(moving = false): void {
    show();
    if (!moving) writeLink(studio);
    if (!live.on) void studio.paint({ moving }); // live frames take the new values by themselves
  }

  function connectSlider(slider: HTMLInputElement, set: (value: number) => void): void {
    let still = 0;
    slider.oninput = () => {
      set(slider.valueAsNumber);
      paint(true);
      clearTimeout(still);
      still = window.setTimeout(() => paint(), STILL); // no change follows where the slider comes back to its old place
    };
    slider.onchange = () => {
      clearTimeout(still);
      paint();
    };
  }

  connectSlider(alpha, (value) => {
    studio.alpha = value / 100;
  });
  connectSlider(mix, (value) => {
    studio.mix = value / 100;
  });
  strokes.onchange = () => {
    studio.strokes = strokes.valueAsNumber;
    paint();
  };
  strokes.oninput = () => {
    strokesText.value = `${strokes.value} px`;
  };
  random.onclick = () => {
    const others = gallery.all.filter((style) => !studio.styles.includes(style));
    choose(others[Math.floor(Math.random() * others.length)]!);
  };
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
    paint();
    mixOn.focus();
  };
  qualities.onchange = (event) => {
    studio.choose((event.target as HTMLInputElement).value as Quality);
    paint();
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
    },
    choose,
    restore() {
      readLink(studio, gallery.all, radios.map(({ value }) => value));
      show();
    },
  };
}

import type { Style } from "./styles";
import type { Studio } from "./studio";

/** What is chosen stands in the address: it survives a reload, and a link opens with the same. */
export function writeLink(studio: Studio): void {
  const [first, second] = studio.styles;
  const chosen = new URLSearchParams({ style: first.id });
  if (second) {
    chosen.set("second", second.id);
    chosen.set("mix", percent(studio.mix));
  }
  chosen.set("strength", percent(studio.alpha));
  chosen.set("quality", studio.quality);
  chosen.set("size", studio.size === Infinity ? "original" : String(studio.size));
  chosen.set("strokes", String(studio.strokes));
  history.replaceState(null, "", `#${chosen}`);
}

/** Take what the address says; what is not said, or is no longer there, stays as it is. */
export function readLink(studio: Studio, styles: readonly Style[], sizes: readonly string[]): void {
  const chosen = new URLSearchParams(location.hash.slice(1));
  const style = (name: string) => styles.find(({ id }) => id === chosen.get(name));
  const second = style("second");
  const first = style("style") ?? studio.styles[0];
  studio.styles = second ? [first, second] : [first];
  studio.mix = part(chosen.get("mix")) ?? studio.mix;
  studio.alpha = part(chosen.get("strength")) ?? studio.alpha;
  studio.quality = chosen.get("quality") === "finest" ? "finest" : studio.quality;
  const size = chosen.get("size");
  if (size && sizes.includes(size)) studio.size = size === "original" ? Infinity : Number(size);
  const strokes = Number(chosen.get("strokes"));
  if (strokes >= 128 && strokes <= 512) studio.strokes = Math.round(strokes);
}

const percent = (share: number) => String(Math.round(100 * share));

function part(text: string | null): number | undefined {
  return text && /^\d{1,3}$/.test(text) && Number(text) <= 100 ? Number(text) / 100 : undefined;
}

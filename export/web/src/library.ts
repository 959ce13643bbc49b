/** The package: the model on the page's own thread (`load`), or in a worker (`Painter` with the package's worker.js). */
export * from "./adain";
export { offers } from "./builds";
export type { ModelFiles, ModelInfo, Wanted } from "./messages";
export { Painter, Stopped, type PainterEvents } from "./painter";

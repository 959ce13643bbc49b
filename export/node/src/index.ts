export { bankCode, modelsFolder, stylesFolder } from "./bank.js";
export { blend, loadCode } from "./code.js";
export { AdaINError } from "./errors.js";
export { type Picture, readPicture, writePicture } from "./picture.js";
export { Stylizer } from "./stylizer.js";

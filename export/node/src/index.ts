export { bankCode, modelsFolder, styleEncoderFile, stylesFolder } from "./bank.js";
export { blend, loadCode } from "./code.js";
export { AdaINError } from "./errors.js";
export { MIN_SIDE, PAINTING_SIZE } from "./contract.js";
export { paintingSize, type Picture, readPicture, shrink, writePicture } from "./picture.js";
export { Stylizer } from "./stylizer.js";

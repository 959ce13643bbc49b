/**
 * Restyle any picture after any painting, with the ONNX files of adain ({@code bytes} door, contract version 1).
 *
 * <p>{@link adain.Stylizer} runs the files on {@link adain.Picture}s and {@link adain.StyleCode}s; {@link
 * adain.StyleBank} reads the ready styles. Every mistake of a caller or a file is an {@link adain.AdainException}.
 */
package adain;

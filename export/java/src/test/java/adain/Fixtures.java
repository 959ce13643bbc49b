package adain;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What several tests need. Paths are relative to this client's folder, where Maven runs the tests. */
public final class Fixtures {
    public static final Path MODELS =
            Path.of(Optional.ofNullable(System.getenv("ADAIN_MODELS")).orElse("../../weights/onnx"));
    public static final Path STYLES = MODELS.resolve("../styles");
    static final Path STYLIZER = MODELS.resolve("stylizer.onnx");
    static final Path ENCODER = MODELS.resolve("style_encoder.onnx");

    private Fixtures() {}

    /** Loads on one thread, so that tests leave the other cores alone. */
    static Stylizer load(Path stylizer, Path styleEncoder) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            return Stylizer.load(stylizer, styleEncoder, options);
        } catch (OrtException error) {
            throw new AssertionError(error);
        }
    }

    /** A picture with a colour of its own for each of its first pixels. */
    public static Picture gradient(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < width * height; i++) {
            rgb[3 * i] = (byte) (i % width * 255 / width);
            rgb[3 * i + 1] = (byte) (i / width * 255 / height);
            rgb[3 * i + 2] = (byte) (i * 7);
        }
        return new Picture(width, height, rgb);
    }

    /** A copy of an ONNX file in which one string of the metadata is another of the same length. */
    static Path altered(Path model, Path folder, String key, String before, String after) throws IOException {
        // In protobuf: the key, then the tag 0x12 and the length of the value, then the value.
        String entry = key + "\u0012" + (char) before.length();
        String bytes = Files.readString(model, StandardCharsets.ISO_8859_1);
        if (before.length() != after.length() || !bytes.contains(entry + before)) {
            throw new AssertionError(model + " has no " + key + " of " + before);
        }
        Path copy = folder.resolve(model.getFileName());
        return Files.writeString(copy, bytes.replace(entry + before, entry + after), StandardCharsets.ISO_8859_1);
    }
}

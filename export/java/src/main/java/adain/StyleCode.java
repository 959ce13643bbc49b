package adain;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A style as a vector of the style encoder: float32 [S], finite. S is {@link ModelInfo#styleSize}.
 *
 * <p>A code has a meaning only for the checkpoint whose encoder made it. It cannot be changed; arrays are copied.
 */
public final class StyleCode {
    private static final long MAX_BYTES = 1 << 20; // of a file; codes have some thousands of numbers

    private final float[] values;

    /**
     * Checks the numbers.
     *
     * @param values the S numbers; copied
     * @throws AdainException there are none, or one is not finite
     */
    public StyleCode(float[] values) {
        this.values = values.clone();
        if (values.length == 0) {
            throw new AdainException("a style code of no numbers; encode the style again");
        }
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new AdainException("a style code with the value " + value
                        + "; finite numbers were expected; encode the style again");
            }
        }
    }

    /** A copy of the S numbers. */
    public float[] values() {
        return values.clone();
    }

    /** Whether the other is a code of the same numbers. */
    @Override
    public boolean equals(Object other) {
        return other instanceof StyleCode code && Arrays.equals(values, code.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "StyleCode[%d numbers]".formatted(values.length);
    }

    /** S, the length of the code. */
    public int size() {
        return values.length;
    }

    /** Whether a file has a suffix that {@link #load} reads. */
    public static boolean isFile(Path file) {
        return hasSuffix(file, ".npy") || hasSuffix(file, ".f32");
    }

    /**
     * Reads a code from a file.
     *
     * @param file {@code .npy} with little-endian float32 of shape [S] or [1, S], or {@code .f32}: the numbers alone,
     *     little-endian
     * @throws AdainException the file is missing, of another kind, broken or cut short
     */
    public static StyleCode load(Path file) {
        if (!isFile(file)) {
            throw new AdainException(file + " has another suffix than .npy and .f32; give a file of a style code");
        }
        byte[] bytes = read(file);
        try {
            return new StyleCode(hasSuffix(file, ".npy") ? Npy.parse(bytes) : floats(ByteBuffer.wrap(bytes)));
        } catch (AdainException error) {
            throw new AdainException(file + ": " + error.getMessage(), error);
        }
    }

    /**
     * The style between several: the weighted mean of their codes (arXiv 1703.06868, section 6.4).
     *
     * @param codes of one model
     * @param weights one for each code, finite, 0 or more; they are divided by their sum
     * @throws AdainException the weights do not fit the codes, are not in range or are all 0, or the codes have
     *     different lengths
     */
    public static StyleCode blend(List<StyleCode> codes, double... weights) {
        if (codes.isEmpty() || codes.size() != weights.length) {
            throw new AdainException(
                    "%d weights for %d codes; give one weight for each code".formatted(weights.length, codes.size()));
        }
        double sum = 0;
        for (double weight : weights) {
            if (!Double.isFinite(weight) || weight < 0) {
                throw new AdainException("a weight of " + weight + "; finite numbers of 0 or more were expected");
            }
            sum += weight;
        }
        if (!(sum > 0 && Double.isFinite(sum))) {
            throw new AdainException("the weights sum to " + sum + "; give at least one that is larger than 0");
        }
        double[] mean = new double[codes.get(0).size()];
        for (int i = 0; i < weights.length; i++) {
            float[] code = codes.get(i).values;
            if (code.length != mean.length) {
                throw new AdainException("codes of %d and %d numbers; encode all styles with one model"
                        .formatted(mean.length, code.length));
            }
            for (int j = 0; j < mean.length; j++) {
                mean[j] += weights[i] / sum * code[j];
            }
        }
        float[] values = new float[mean.length];
        for (int j = 0; j < values.length; j++) {
            values[j] = (float) mean[j];
        }
        return new StyleCode(values);
    }

    /** The rest of a buffer as little-endian float32. */
    static float[] floats(ByteBuffer bytes) {
        if (bytes.remaining() % Float.BYTES != 0) {
            throw new AdainException(
                    bytes.remaining() + " bytes of numbers; a multiple of 4 was expected; the file is cut short");
        }
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    private static boolean hasSuffix(Path file, String suffix) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(suffix);
    }

    private static byte[] read(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw new AdainException(file + " does not exist or is no file; give a file of a style code");
            }
            if (Files.size(file) > MAX_BYTES) {
                throw new AdainException(file + " is larger than 1 MiB, which no style code is; give another file");
            }
            return Files.readAllBytes(file);
        } catch (IOException error) {
            throw new AdainException(
                    "%s cannot be read (%s); check its rights".formatted(file, AdainException.firstLine(error)), error);
        }
    }
}

package adain;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of NumPy's .npy format that style codes use: one row of little-endian float32.
 *
 * <p>A file is the magic, a version, the length of the header, the header (a Python dictionary as text), the numbers.
 */
final class Npy {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Pattern TYPE = Pattern.compile("'descr':\\s*'([^']*)'");
    private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([^)]*)\\)");
    private static final Pattern ONE_ROW = Pattern.compile("\\s*(?:1\\s*,\\s*)?(\\d{1,9})\\s*,?\\s*");

    private Npy() {}

    /**
     * Gives the numbers of a file; [S] and [1, S] are the same row, in C order and in Fortran order.
     *
     * @throws AdainException the bytes are no such file
     */
    static float[] parse(byte[] file) {
        if (file.length < 12 || !Arrays.equals(file, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new AdainException("no .npy file; give one that numpy.save or `adain styles PICTURE` wrote");
        }
        int version = file[6];
        if (version < 1 || version > 3) {
            throw new AdainException("version " + version + " of the .npy format; 1 to 3 were expected");
        }
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).position(MAGIC.length + 2);
        int length = version == 1 ? Short.toUnsignedInt(bytes.getShort()) : bytes.getInt();
        if (length < 0 || length > bytes.remaining()) {
            throw new AdainException("the .npy header is cut short; get or save the file again");
        }
        byte[] text = new byte[length];
        bytes.get(text);
        String header = new String(text, StandardCharsets.UTF_8);
        String type = find(TYPE, header);
        if (!type.equals("<f4")) {
            throw new AdainException("numbers of the type " + type + "; <f4 (little-endian float32) was expected");
        }
        String shape = find(SHAPE, header);
        Matcher row = ONE_ROW.matcher(shape);
        if (!row.matches()) {
            throw new AdainException("the shape is (%s); (S,) or (1, S) was expected: one code".formatted(shape));
        }
        long expected = Long.parseLong(row.group(1)) * Float.BYTES;
        if (bytes.remaining() != expected) {
            throw new AdainException("%d bytes of numbers where the shape (%s) says %d; get or save the file again"
                    .formatted(bytes.remaining(), shape, expected));
        }
        return StyleCode.floats(bytes);
    }

    private static String find(Pattern entry, String header) {
        Matcher found = entry.matcher(header);
        if (!found.find()) {
            throw new AdainException("the .npy header is broken; get or save the file again");
        }
        return found.group(1);
    }
}

package adain;

import static adain.StylizerTest.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StyleCodeTest {
    private static final float[] NUMBERS = {0.5f, -2, 3e-30f};

    @TempDir
    private Path folder;

    @Test
    void rawFile() throws IOException {
        assertArrayEquals(NUMBERS, load("code.f32", raw(NUMBERS)).values());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "1; '(3,)'",
                "1; '(1, 3)'",
                "1; '(1,3)'",
                "2; '(3,)'",
                "3; '(1, 3)'",
            })
    void npyFile(int version, String shape) throws IOException {
        assertArrayEquals(
                NUMBERS, load("code.npy", npy(version, "<f4", shape, NUMBERS)).values());
    }

    @Test
    void npyFileOfOneNumber() throws IOException {
        assertArrayEquals(
                new float[] {7}, load("code.npy", npy(1, "<f4", "(1,)", 7)).values());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "<f8; '(3,)'; type <f8",
                ">f4; '(3,)'; type >f4",
                "|O; '(3,)'; type |O",
                "<f4; '(3, 1)'; shape is (3, 1)",
                "<f4; '()'; shape is ()",
                "<f4; '(2, 3)'; shape is (2, 3)",
                "<f4; '(1, 1, 3)'; shape is (1, 1, 3)",
                "<f4; '(4,)'; 12 bytes of numbers where",
                "<f4; '(2,)'; 12 bytes of numbers where",
                "<f4; '(99999999999,)'; shape is",
            })
    void npyFileOfAnotherKind(String type, String shape, String message) {
        refused(message, () -> load("code.npy", npy(1, type, shape, NUMBERS)));
    }

    @Test
    void brokenNpyFile() throws IOException {
        byte[] good = npy(1, "<f4", "(3,)", NUMBERS);
        refused("no .npy file", () -> load("code.npy", raw(NUMBERS)));
        refused("no .npy file", () -> load("code.npy", new byte[0]));
        refused("header is cut short", () -> load("code.npy", Arrays.copyOf(good, 40)));
        refused("8 bytes of numbers where", () -> load("code.npy", Arrays.copyOf(good, good.length - 4)));
        refused("version 9", () -> load("code.npy", npy(9, "<f4", "(3,)", NUMBERS)));
        String text = new String(good, StandardCharsets.ISO_8859_1).replace("'shape'", "'shame'");
        refused("header is broken", () -> load("code.npy", text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    @Test
    void filesThatAreNoCode() {
        refused("does not exist", () -> StyleCode.load(folder.resolve("missing.npy")));
        refused("does not exist", () -> StyleCode.load(Files.createDirectory(folder.resolve("folder.npy"))));
        refused("another suffix", () -> load("code.txt", raw(NUMBERS)));
        refused("multiple of 4", () -> load("code.f32", new byte[7]));
        refused("no numbers", () -> load("code.f32", new byte[0]));
        refused("larger than 1 MiB", () -> load("code.f32", new byte[(1 << 20) + 4]));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void notFinite(float value) {
        refused("the value " + value, () -> new StyleCode(new float[] {1, value}));
        refused("code.f32: ", () -> load("code.f32", raw(1, value)));
    }

    @Test
    void cannotBeChanged() {
        float[] given = {1, 2};
        StyleCode code = new StyleCode(given);
        given[0] = 9;
        code.values()[1] = 9;
        assertArrayEquals(new float[] {1, 2}, code.values());
    }

    @Test
    void blendIsTheWeightedMean() {
        List<StyleCode> codes = List.of(new StyleCode(new float[] {1, 10}), new StyleCode(new float[] {3, -10}));
        assertArrayEquals(
                new float[] {2.5f, -5}, StyleCode.blend(codes, 0.25, 0.75).values());
        assertArrayEquals(new float[] {2.5f, -5}, StyleCode.blend(codes, 1, 3).values(), "weights are normalised");
        assertArrayEquals(new float[] {3, -10}, StyleCode.blend(codes, 0, 1).values());
        assertArrayEquals(
                new float[] {1, 10}, StyleCode.blend(codes.subList(0, 1), 5).values());
    }

    @Test
    void blendRefuses() {
        List<StyleCode> codes = List.of(new StyleCode(NUMBERS), new StyleCode(NUMBERS));
        refused("1 weights for 2 codes", () -> StyleCode.blend(codes, 1));
        refused("0 weights for 0 codes", () -> StyleCode.blend(List.of()));
        refused("weight of -0.1", () -> StyleCode.blend(codes, 1.1, -0.1));
        refused("weight of NaN", () -> StyleCode.blend(codes, 1, Double.NaN));
        refused("weight of Infinity", () -> StyleCode.blend(codes, 1, Double.POSITIVE_INFINITY));
        refused("sum to 0", () -> StyleCode.blend(codes, 0, 0));
        refused("sum to Infinity", () -> StyleCode.blend(codes, Double.MAX_VALUE, Double.MAX_VALUE));
        refused(
                "3 and 2 numbers",
                () -> StyleCode.blend(List.of(codes.get(0), new StyleCode(new float[] {1, 2})), 1, 1));
    }

    @Test
    void bankOfTheModel() {
        StyleBank bank = StyleBank.open(Fixtures.STYLES);
        try (Stylizer stylizer = Fixtures.load(Fixtures.STYLIZER, null)) {
            for (String name : bank.styles().keySet()) {
                assertEquals(
                        stylizer.info().styleSize(),
                        bank.load(name, stylizer.info()).size(),
                        name);
            }
            refused(
                    "no style or file named nobody; the styles are "
                            + bank.styles().firstKey(),
                    () -> bank.load("nobody", stylizer.info()));
            StyleBank other = new StyleBank(bank.folder(), "0".repeat(64), bank.styles());
            refused("another model", () -> other.load(bank.styles().firstKey(), stylizer.info()));
        }
        refused("cannot be read", () -> StyleBank.open(folder));
        refused(
                "cannot be read",
                () -> StyleBank.open(
                        Files.writeString(folder.resolve("index.json"), "{").getParent()));
        refused(
                "lists no styles",
                () -> StyleBank.open(
                        Files.writeString(folder.resolve("index.json"), "{}").getParent()));
    }

    private StyleCode load(String name, byte[] bytes) throws IOException {
        return StyleCode.load(Files.write(folder.resolve(name), bytes));
    }

    private static byte[] raw(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /** A file as numpy.save writes it. */
    private static byte[] npy(int version, String type, String shape, float... values) throws IOException {
        String header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }".formatted(type, shape);
        header += " ".repeat(117 - header.length()) + "\n";
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0, (byte) header.length(), 0});
        bytes.write(new byte[version == 1 ? 0 : 2]);
        bytes.write(header.getBytes(StandardCharsets.ISO_8859_1));
        bytes.write(raw(values));
        return bytes.toByteArray();
    }
}

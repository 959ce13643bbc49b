package adain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a caller may get wrong, and what the answer says. What the model computes is in ConformanceTest. */
class StylizerTest {
    private static Stylizer stylizer;
    private static StyleCode code;

    @TempDir
    private Path folder;

    @BeforeAll
    static void load() {
        stylizer = Fixtures.load(Fixtures.STYLIZER, Fixtures.ENCODER);
        code = new StyleCode(new float[stylizer.info().styleSize()]);
    }

    @AfterAll
    static void close() {
        stylizer.close();
    }

    @Test
    void infoIsTheMetadataOfTheFile() {
        assertEquals("stylizer", stylizer.info().graph());
        assertEquals(64, stylizer.info().checkpointSha256().length());
        assertTrue(stylizer.info().metadata().containsKey("adain.license"));
    }

    @Test
    void missingFile() {
        refusedFile("does not exist", folder.resolve("stylizer.onnx"), null);
        refusedFile("does not exist", Fixtures.STYLIZER, folder.resolve("style_encoder.onnx"));
    }

    @Test
    void noOnnxFile() throws IOException {
        refusedFile("no ONNX file", Files.writeString(folder.resolve("stylizer.onnx"), "no model"), null);
    }

    @Test
    void filesInEachOthersPlace() {
        refusedFile("adain.graph style_encoder; stylizer was expected", Fixtures.ENCODER, Fixtures.STYLIZER);
        refusedFile("adain.graph stylizer; style_encoder was expected", Fixtures.STYLIZER, Fixtures.STYLIZER);
    }

    @ParameterizedTest
    @CsvSource({
        "adain.contract, 1, 3, 'adain.contract 3; 1 or 2 was expected'",
        "adain.io, bytes, other, 'adain.io other; bytes was expected'",
    })
    void anotherContract(String key, String before, String after, String message) throws IOException {
        refusedFile(message, Fixtures.altered(Fixtures.STYLIZER, folder, key, before, after), null);
        refusedFile(message, Fixtures.STYLIZER, Fixtures.altered(Fixtures.ENCODER, folder, key, before, after));
    }

    @Test
    void noFileOfOurs() throws IOException {
        String bytes = Files.readString(Fixtures.STYLIZER, StandardCharsets.ISO_8859_1);
        Path file = folder.resolve("stylizer.onnx");
        Files.writeString(file, bytes.replace("adain.contract", "other.contract"), StandardCharsets.ISO_8859_1);
        refusedFile("not one of adain's", file, null);
    }

    @Test
    void brokenStyleSize() throws IOException {
        String size = stylizer.info().metadata().get("adain.style_size");
        String broken = "x".repeat(size.length());
        refusedFile("incomplete", Fixtures.altered(Fixtures.STYLIZER, folder, "adain.style_size", size, broken), null);
    }

    @Test
    void encoderOfAnotherCheckpoint() throws IOException {
        String ours = stylizer.info().checkpointSha256();
        Path other = Fixtures.altered(Fixtures.ENCODER, folder, "adain.checkpoint_sha256", ours, "0".repeat(64));
        refusedFile("different checkpoints", Fixtures.STYLIZER, other);
    }

    @Test
    void withoutEncoder() {
        try (Stylizer alone = Fixtures.load(Fixtures.STYLIZER, null)) {
            assertEquals(17, alone.stylize(Fixtures.gradient(17, 20), code, 0).width());
            refused("no style encoder", () -> alone.encodeStyle(Fixtures.gradient(17, 20)));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, -0.01, 1.01, Double.POSITIVE_INFINITY})
    void alphaOutOfRange(double alpha) {
        refused("alpha is " + alpha, () -> stylizer.stylize(Fixtures.gradient(16, 16), code, alpha));
    }

    @ParameterizedTest
    @CsvSource({"15, 40", "40, 15"})
    void tooSmall(int width, int height) {
        Picture small = Fixtures.gradient(width, height);
        String message = "%d x %d pixels is too small".formatted(width, height);
        refused(message, () -> stylizer.stylize(small, code, 1));
        refused(message, () -> stylizer.encodeStyle(small));
    }

    @Test
    void paintingSizeOutOfRange() {
        refused("the size is 15", () -> stylizer.encodeStyle(Fixtures.gradient(40, 40), 15));
    }

    @Test
    void threadsThatMayBeUsed() {
        int all = Runtime.getRuntime().availableProcessors();
        assertEquals(1, Threads.usable("1"));
        for (String text : new String[] {null, "", "many", "0", "1000000"}) {
            assertEquals(all, Threads.usable(text));
        }
    }

    @Test
    void batchOfSeveralSizes() {
        List<Picture> contents = List.of(Fixtures.gradient(16, 24), Fixtures.gradient(24, 16)); // as many bytes
        refused("16 x 24 and 24 x 16", () -> stylizer.stylize(contents, List.of(code), 1));
    }

    @Test
    void batchOfNothing() {
        refused("no pictures", () -> stylizer.stylize(List.of(), List.of(code), 1));
    }

    @Test
    void codesThatDoNotFit() {
        Picture picture = Fixtures.gradient(16, 16);
        StyleCode longer = new StyleCode(new float[code.size() + 1]);
        refused(
                "%d numbers; this model's have %d".formatted(longer.size(), code.size()),
                () -> stylizer.stylize(picture, longer, 1));
        refused(
                "2 style codes for 3 pictures",
                () -> stylizer.stylize(List.of(picture, picture, picture), List.of(code, code), 1));
        refused("0 style codes for 1", () -> stylizer.stylize(List.of(picture), List.of(), 1));
    }

    private static void refusedFile(String message, Path stylizer, Path encoder) {
        refused(message, () -> Fixtures.load(stylizer, encoder).close());
    }

    static void refused(String message, Executable call) {
        String said = assertThrows(AdainException.class, call).getMessage();
        assertTrue(said.contains(message), said);
        assertEquals(1, said.lines().count(), said);
    }
}

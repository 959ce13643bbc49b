package adain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays export/conformance: the same pictures and codes in, the same pictures and codes out. */
public class ConformanceTest {
    public static final Path FOLDER = Path.of("../conformance");

    public record Manifest(
            int version,
            String contract,
            String checkpointSha256,
            Map<String, ModelFile> models,
            Map<String, String> files,
            Tolerance tolerance,
            List<Encode> encode,
            List<Painting> paintings,
            List<Reading> reading,
            List<Stylize> stylize,
            List<Stylize> fast) {}

    public record ModelFile(String file, String sha256) {}

    public record Tolerance(Bound pixels, Bound shrunk, Bound style, Bound painting, Bound reading) {}

    /** Of differences; without a mean, that is not bounded. */
    public record Bound(double max, Double mean) {}

    public record Painting(String name, String image, int size, String shrunk, String code) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** A picture file, and the picture that it holds, or null where it must be refused. */
    public record Reading(String name, String file, String expected) {
        @Override
        public String toString() {
            return name;
        }
    }

    public record Encode(String name, String image, String code) {
        @Override
        public String toString() {
            return name;
        }
    }

    public record Part(String code, double weight) {}

    public record Stylize(String name, List<String> contents, List<List<Part>> styles, double alpha, List<String> expected) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Manifest manifest;
    private static Stylizer stylizer;
    private static Stylizer fast; // the small network, which takes codes of the same style encoder

    @BeforeAll
    static void load() throws IOException {
        manifest = manifest();
        stylizer = Fixtures.load(Fixtures.STYLIZER, Fixtures.ENCODER);
        Path small = FOLDER.resolve(manifest.models.get("fast").file);
        assertEquals(manifest.models.get("fast").sha256, sha256(small), small.toString());
        fast = Fixtures.load(small, null);
        assertEquals(1, manifest.version, "version of the manifest");
        assertTrue(ModelInfo.VERSIONS.contains(manifest.contract), "contract of the manifest");
        assertEquals(
                manifest.checkpointSha256,
                stylizer.info().checkpointSha256(),
                "the conformance set is of another checkpoint than the model: rebuild it");
    }

    @AfterAll
    static void close() {
        stylizer.close();
        fast.close();
    }

    public static Manifest manifest() throws IOException {
        return new GsonBuilder()
                .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                .create()
                .fromJson(Files.readString(FOLDER.resolve("manifest.json")), Manifest.class);
    }

    static Stream<Encode> encodings() throws IOException {
        return manifest().encode.stream();
    }

    static Stream<Painting> paintings() throws IOException {
        return manifest().paintings.stream();
    }

    static Stream<Stylize> stylizations() throws IOException {
        return manifest().stylize.stream();
    }

    static Stream<Stylize> fastStylizations() throws IOException {
        return manifest().fast.stream();
    }

    @Test
    void filesAreThoseOfTheManifest() throws IOException {
        for (Path model : List.of(Fixtures.STYLIZER, Fixtures.ENCODER)) {
            String graph = model.getFileName().toString().replace(".onnx", "");
            assertEquals(manifest.models.get(graph).sha256, sha256(model), model.toString());
        }
        for (Map.Entry<String, String> file : manifest.files.entrySet()) {
            assertEquals(file.getValue(), sha256(FOLDER.resolve(file.getKey())), file.getKey());
        }
    }

    @Test
    void npyAndRawFilesHoldTheSameCodes() {
        List<String> names = manifest.files.keySet().stream()
                .filter(name -> name.endsWith(".npy"))
                .toList();
        assertTrue(!names.isEmpty());
        for (String name : names) {
            assertArrayEquals(
                    code(name.replace(".npy", ".f32")).values(), code(name).values(), name);
        }
    }

    @ParameterizedTest
    @MethodSource("encodings")
    void encode(Encode test) throws IOException {
        float[] expected = code(test.code).values();
        float[] got = stylizer.encodeStyle(picture(test.image)).values();
        assertEquals(stylizer.info().styleSize(), expected.length);
        assertArrayEquals(expected, got, (float) manifest.tolerance.style.max);
    }

    @ParameterizedTest
    @MethodSource("paintings")
    void painting(Painting test) throws IOException {
        Picture painting = picture(test.image);
        compare(picture(test.shrunk), painting.shrink(test.size), manifest.tolerance.shrunk);
        StyleCode code = stylizer.encodeStyle(painting, test.size);
        if (test.size == Stylizer.PAINTING_SIZE) {
            assertEquals(code, stylizer.encodeStyle(painting));
        }
        assertArrayEquals(code(test.code).values(), code.values(), (float) manifest.tolerance.painting.max);
    }

    @ParameterizedTest
    @MethodSource("stylizations")
    void stylize(Stylize test) throws IOException {
        stylize(test, stylizer);
    }

    @ParameterizedTest
    @MethodSource("fastStylizations")
    void fast(Stylize test) throws IOException {
        stylize(test, fast);
    }

    private static void stylize(Stylize test, Stylizer stylizer) throws IOException {
        List<Picture> contents = new ArrayList<>();
        for (String content : test.contents) {
            contents.add(picture(content));
        }
        List<Picture> got = stylizer.stylize(
                contents, test.styles.stream().map(ConformanceTest::blend).toList(), test.alpha);
        assertEquals(test.expected.size(), got.size());
        for (int i = 0; i < got.size(); i++) {
            compare(picture(test.expected.get(i)), got.get(i), manifest.tolerance.pixels);
        }
    }

    public static void compare(Picture expected, Picture got, Bound allowed) {
        assertEquals(expected.width(), got.width());
        assertEquals(expected.height(), got.height());
        int largest = 0;
        long sum = 0;
        for (int i = 0; i < expected.rgb().length; i++) {
            int difference = Math.abs((expected.rgb()[i] & 0xff) - (got.rgb()[i] & 0xff));
            largest = Math.max(largest, difference);
            sum += difference;
        }
        double mean = (double) sum / expected.rgb().length;
        assertTrue(largest <= allowed.max, "largest difference " + largest + ", allowed " + allowed.max);
        assertTrue(allowed.mean == null || mean <= allowed.mean, "mean difference " + mean + ", allowed " + allowed.mean);
    }

    private static StyleCode blend(List<Part> parts) {
        return StyleCode.blend(
                parts.stream().map(part -> code(part.code)).toList(),
                parts.stream().mapToDouble(Part::weight).toArray());
    }

    private static StyleCode code(String name) {
        return StyleCode.load(FOLDER.resolve(name));
    }

    public static Picture picture(String name) throws IOException {
        return Picture.of(ImageIO.read(FOLDER.resolve(name).toFile()));
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException error) {
            throw new AssertionError(error);
        }
    }
}

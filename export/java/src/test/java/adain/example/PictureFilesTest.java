package adain.example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import adain.AdainException;
import adain.ConformanceTest;
import adain.ConformanceTest.Bound;
import adain.ConformanceTest.Reading;
import adain.Fixtures;
import adain.Picture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PictureFilesTest {
    private static final Picture PICTURE = Fixtures.gradient(40, 24);

    @TempDir
    private Path folder;

    @Test
    void pngKeepsEveryPixel() {
        Path file = folder.resolve("a.png");
        PictureFiles.write(PICTURE, file);
        assertArrayEquals(PICTURE.rgb(), PictureFiles.read(file).rgb());
    }

    @Test
    void jpegHasTheSize() {
        Picture read = PictureFiles.read(jpeg());
        assertEquals(40, read.width());
        assertEquals(24, read.height());
    }

    @Test
    void theFirstOfSeveralPagesIsTakenAndTold() throws IOException {
        Path file = folder.resolve("two.tiff");
        ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(file.toFile())) {
            writer.setOutput(stream);
            writer.prepareWriteSequence(null);
            writer.writeToSequence(new IIOImage(PICTURE.toImage(), null, null), null);
            writer.writeToSequence(new IIOImage(Fixtures.gradient(30, 20).toImage(), null, null), null);
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
        PrintStream stderr = System.err;
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        System.setErr(new PrintStream(told));
        try {
            assertArrayEquals(PICTURE.rgb(), PictureFiles.read(file).rgb());
            PictureFiles.read(jpeg());
        } finally {
            System.setErr(stderr);
        }
        String line = "adain: %s has 2 frames or pages; the first one is taken%n";
        assertEquals(line.formatted(file), told.toString());
    }

    /** Where the pixel at the top left of the file is in the upright picture; EXIF 2.32, tag 0x0112. */
    @ParameterizedTest
    @CsvSource({
        "1, 0, 0", "2, 1, 0", "3, 1, 1", "4, 0, 1", "5, 0, 0", "6, 1, 0", "7, 1, 1", "8, 0, 1",
    })
    void exifOrientation(int orientation, int right, int down) throws IOException {
        Path file = folder.resolve("turned.jpg");
        byte[] rgb = new byte[3 * 48 * 32];
        Arrays.fill(rgb, (byte) 255);
        for (int y = 0; y < 16; y++) { // a dark corner, wider than high
            Arrays.fill(rgb, 3 * 48 * y, 3 * (48 * y + 24), (byte) 0);
        }
        PictureFiles.write(new Picture(48, 32, rgb), file);
        withOrientation(file, orientation);
        Picture upright = PictureFiles.read(file);
        assertEquals(orientation < 5 ? 48 : 32, upright.width());
        assertEquals(orientation < 5 ? 32 : 48, upright.height());
        for (int y : new int[] {0, 1}) {
            for (int x : new int[] {0, 1}) {
                int at = 3 * (y * (upright.height() - 1) * upright.width() + x * (upright.width() - 1));
                assertEquals(x == right && y == down, (upright.rgb()[at] & 0xff) < 128, "corner %d %d".formatted(x, y));
            }
        }
    }

    @Test
    void noPictures() throws IOException {
        refused("does not exist", () -> PictureFiles.read(folder.resolve("missing.png")));
        refused("does not exist", () -> PictureFiles.read(folder));
        refused("no picture", () -> PictureFiles.read(Files.writeString(folder.resolve("text.jpg"), "no picture")));
        refused("no picture", () -> PictureFiles.read(Files.createFile(folder.resolve("empty.png"))));
    }

    @ParameterizedTest
    @CsvSource({"cut.png", "cut.jpg"})
    void cutShort(String name) throws IOException {
        Path file = folder.resolve(name);
        PictureFiles.write(PICTURE, file);
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length * 3 / 4));
        refused("broken, cut short", () -> PictureFiles.read(file));
    }

    static Stream<Reading> reading() throws IOException {
        return ConformanceTest.manifest().reading().stream();
    }

    @ParameterizedTest
    @MethodSource("reading")
    void conformance(Reading test) throws IOException {
        Path file = ConformanceTest.FOLDER.resolve(test.file());
        if (test.expected() == null) {
            assertThrows(AdainException.class, () -> PictureFiles.read(file));
        } else {
            Bound allowed = ConformanceTest.manifest().tolerance().reading();
            ConformanceTest.compare(ConformanceTest.picture(test.expected()), PictureFiles.read(file), allowed);
        }
    }

    @Test
    void tooLarge() throws IOException {
        Path file = folder.resolve("large.png");
        PictureFiles.write(PICTURE, file);
        byte[] bytes = Files.readAllBytes(file);
        bytes[17] = 1; // the width becomes 65576
        bytes[21] = 1;
        Files.write(file, bytes);
        refused("at most 178956970", () -> PictureFiles.read(file));
    }

    @Test
    void writesWholeOrNotAtAll() throws IOException {
        refused("no suffix", () -> PictureFiles.write(PICTURE, folder.resolve("a.gif")));
        refused("cannot be written", () -> PictureFiles.write(PICTURE, folder.resolve("missing/a.png")));
        Path taken = Files.createDirectories(folder.resolve("b.png/full")).getParent();
        refused("cannot be written", () -> PictureFiles.write(PICTURE, taken));
        try (var left = Files.list(folder)) {
            assertEquals(1, left.count());
        }
    }

    private Path jpeg() {
        Path file = folder.resolve("a.jpg");
        PictureFiles.write(PICTURE, file);
        return file;
    }

    /** Puts an EXIF segment behind the first marker of a JPEG. */
    private static void withOrientation(Path file, int orientation) throws IOException {
        byte[] exif = {
            (byte) 0xff,
            (byte) 0xe1,
            0,
            34,
            'E',
            'x',
            'i',
            'f',
            0,
            0, // the length counts from itself
            'M',
            'M',
            0,
            42,
            0,
            0,
            0,
            8, // big-endian; the directory follows at 8
            0,
            1,
            0x01,
            0x12,
            0,
            3,
            0,
            0,
            0,
            1,
            0,
            (byte) orientation,
            0,
            0, // one entry: orientation, one short
            0,
            0,
            0,
            0, // no further directory
        };
        byte[] bytes = Files.readAllBytes(file);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, 2);
        out.write(exif);
        out.write(bytes, 2, bytes.length - 2);
        Files.write(file, out.toByteArray());
    }

    private static void refused(String message, Executable call) {
        String said = assertThrows(AdainException.class, call).getMessage();
        assertTrue(said.contains(message), said);
    }
}

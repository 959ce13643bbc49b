package adain.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import adain.Fixtures;
import adain.Picture;
import adain.StyleBank;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs target/adain.jar as a user does. */
class ProgramIT {
    private static final List<String> STYLES =
            List.copyOf(StyleBank.open(Fixtures.STYLES).styles().keySet());

    @TempDir
    private Path folder;

    private Path content;
    private Path out;

    private record Ended(int code, String stdout, String stderr) {}

    @BeforeEach
    void picture() {
        content = folder.resolve("content.png");
        out = folder.resolve("out.png");
        PictureFiles.write(Fixtures.gradient(50, 33), content);
    }

    @Test
    void readyStyle() throws Exception {
        Ended ended = run(content, "-s", STYLES.get(0), "-o", out);
        assertEquals(new Ended(0, out + "  50x33\n", ""), ended);
        Picture result = PictureFiles.read(out);
        assertEquals(50, result.width());
        assertEquals(33, result.height());
        assertFalse(Arrays.equals(PictureFiles.read(content).rgb(), result.rgb()));
    }

    @Test
    void pictureAndCodeBlended() throws Exception {
        Path painting = folder.resolve("painting.jpg");
        PictureFiles.write(Fixtures.gradient(31, 47), painting);
        Path code = Fixtures.STYLES.resolve(STYLES.get(1) + ".npy").toAbsolutePath();
        Path jpeg = folder.resolve("out.jpg");
        Ended ended = run(content, "-s", painting, "-o", jpeg, "-a", "0.5", "--style2", code, "--blend", "0.3",
                "--style-size", "20", "--threads", "1");
        assertEquals(new Ended(0, jpeg + "  50x33\n", ""), ended);
        assertEquals(33, PictureFiles.read(jpeg).height());
    }

    @Test
    void smallNetwork() throws Exception {
        assertEquals(0, run(content, "-s", content, "-o", out, "--model", "large").code);
        Path fast = folder.resolve("fast.png");
        assertEquals(new Ended(0, fast + "  50x33\n", ""), run(content, "-s", content, "-o", fast, "--model", "fast"));
        assertFalse(Arrays.equals(PictureFiles.read(fast).rgb(), PictureFiles.read(out).rgb()));
    }

    @Test
    void badInput() throws Exception {
        String style = STYLES.get(0);
        Path text = Files.writeString(folder.resolve("text.png"), "no picture");
        Path code = Files.write(folder.resolve("short.f32"), new byte[40]);
        refused("no picture", text, "-s", style, "-o", out);
        refused("no style or file named nobody", content, "-s", "nobody", "-o", out);
        refused("10 numbers", content, "-s", code, "-o", out);
        refused("alpha is NaN", content, "-s", style, "-o", out, "-a", "NaN");
        refused("does not exist", content, "-s", style, "-o", out, "--model", folder);
    }

    @Test
    void badArguments() throws Exception {
        refused("the size is 8", content, "-s", content, "-o", out, "--style-size", "8");
        refused("--threads", content, "-s", content, "-o", out, "--threads", "many");
        refused("--style", content, "-o", out);
        refused("--blend", content, "-s", STYLES.get(0), "-o", out, "--style2", STYLES.get(0));
        refused(".jpeg", content, "-s", STYLES.get(0), "-o", folder.resolve("out.tiff"));
    }

    private void refused(String message, Object... arguments) throws Exception {
        Ended ended = run(arguments);
        assertTrue(ended.stderr.contains(message), ended.stderr);
        assertEquals(1, ended.stderr.lines().count(), ended.stderr);
        assertEquals(2, ended.code);
        assertEquals("", ended.stdout);
        assertFalse(Files.exists(out));
    }

    private Ended run(Object... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of("-jar", Path.of("target/adain.jar").toAbsolutePath().toString()));
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        Path stdout = folder.resolve("stdout");
        Path stderr = folder.resolve("stderr");
        int code = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(stdout.toFile())
                .redirectError(stderr.toFile())
                .start()
                .waitFor();
        return new Ended(code, Files.readString(stdout), Files.readString(stderr));
    }
}

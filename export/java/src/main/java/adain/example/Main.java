package adain.example;

import adain.AdainException;
import adain.Picture;
import adain.StyleBank;
import adain.StyleCode;
import adain.Stylizer;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.imageio.ImageIO;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The example program: restyles one picture file. Mistakes are one line on stderr and exit code 2. */
@Command(
        name = "adain",
        mixinStandardHelpOptions = true,
        version = "0.1.0",
        sortOptions = false,
        description = "Restyle a picture after a painting.")
public final class Main implements Callable<Integer> {
    /** The package's own models and their folders. */
    private static final Map<String, String> OWN = Map.of("large", "weights/onnx", "fast", "weights/fast");

    @Parameters(paramLabel = "CONTENT", description = "A JPEG or PNG file.")
    private Path content;

    @Option(
            names = {"-s", "--style"},
            required = true,
            description = "A picture, a .npy or .f32 code, or the name of a ready style.")
    private String style;

    @Option(
            names = {"-o", "--out"},
            required = true,
            description = "The .png or .jpg file to write.")
    private Path out;

    @Option(
            names = {"-a", "--alpha"},
            defaultValue = "1",
            description = "0 gives back the content, 1 (the default) is the full style.")
    private double alpha;

    @ArgGroup(exclusive = false)
    private Second second;

    @Option(
            names = "--style-size",
            paramLabel = "N",
            description = "Shrink style pictures to this shorter side, in pixels (512, less of very long ones).")
    private Integer styleSize;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Of onnxruntime; as many as the process may use if not given.")
    private int threads;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description = "fast (the small network), large, or a folder of stylizer.onnx and style_encoder.onnx; the"
                    + " default is $ADAIN_MODELS, or else large. fast and large are in the nearest weights at or above"
                    + " the program; the ready styles are in the folder styles beside that of the model.")
    private String model;

    private static final class Second {
        @Option(names = "--style2", required = true, paramLabel = "STYLE", description = "A second style.")
        private String style;

        @Option(names = "--blend", required = true, paramLabel = "W", description = "Its share, 0 to 1.")
        private double share;
    }

    /** Runs the program and ends the process. */
    public static void main(String[] arguments) {
        System.setProperty("java.awt.headless", "true");
        ImageIO.setUseCache(false); // in memory, not in files
        CommandLine program = new CommandLine(new Main())
                .setParameterExceptionHandler((error, given) -> complain(error))
                .setExecutionExceptionHandler((error, commandLine, given) -> {
                    if (error instanceof AdainException) {
                        return complain(error);
                    }
                    throw error;
                });
        System.exit(program.execute(arguments));
    }

    @Override
    public Integer call() {
        PictureFiles.format(out); // before the work
        Path folder = findModels();
        try (Stylizer stylizer = load(folder.resolve("stylizer.onnx"), Stylizer.styleEncoderOf(folder))) {
            Path bank = folder.resolve("../styles");
            StyleCode code = find(style, stylizer, bank);
            if (second != null) {
                StyleCode other = find(second.style, stylizer, bank);
                code = StyleCode.blend(List.of(code, other), 1 - second.share, second.share);
            }
            Picture result = stylizer.stylize(PictureFiles.read(content), code, alpha);
            PictureFiles.write(result, out);
            System.out.printf("%s  %dx%d%n", out, result.width(), result.height());
            return 0;
        } catch (OutOfMemoryError error) {
            throw new AdainException("a picture does not fit into memory; make it smaller, or raise java -Xmx", error);
        }
    }

    private StyleCode find(String style, Stylizer stylizer, Path bank) {
        Path file = Path.of(style);
        if (StyleCode.isFile(file)) {
            return StyleCode.load(file);
        }
        if (Files.isRegularFile(file)) {
            Picture painting = PictureFiles.read(file);
            return stylizer.encodeStyle(painting, styleSize != null ? styleSize : painting.usualSize());
        }
        return StyleBank.open(bank).load(style, stylizer.info());
    }

    private Stylizer load(Path stylizer, Path styleEncoder) {
        if (threads == 0) {
            return Stylizer.load(stylizer, styleEncoder);
        }
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            return Stylizer.load(stylizer, styleEncoder, options);
        } catch (OrtException error) {
            throw new AdainException("--threads is %d; give a number of 1 or more".formatted(threads), error);
        }
    }

    /** The folder of the model, as the help of --model says. */
    private Path findModels() {
        String variable = System.getenv("ADAIN_MODELS");
        String otherwise = variable != null && !variable.isEmpty() ? variable : "large";
        String wanted = model != null ? model : otherwise;
        String own = OWN.get(wanted);
        if (own == null) {
            return Path.of(wanted);
        }
        Path program;
        try {
            program = Path.of(Main.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException error) {
            throw new AssertionError(error);
        }
        for (Path folder = program; folder != null; folder = folder.getParent()) {
            if (Files.isDirectory(folder.resolve(own))) {
                return folder.resolve(own);
            }
        }
        throw new AdainException("there is no %s at or above %s; name the folder of the models with --model or ADAIN_MODELS"
                .formatted(own, program));
    }

    private static int complain(Exception error) {
        System.err.println("adain: " + error.getMessage().lines().findFirst().orElseThrow());
        return CommandLine.ExitCode.USAGE;
    }
}

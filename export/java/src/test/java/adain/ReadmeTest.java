package adain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of README.md compiles. */
class ReadmeTest {
    @Test
    void compiles(@TempDir Path folder) throws IOException {
        Matcher code = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(Path.of("README.md")));
        assertEquals(true, code.find());
        Path file = Files.writeString(folder.resolve("Example.java"), code.group(1));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        String path = System.getProperty("java.class.path");
        int status = ToolProvider.getSystemJavaCompiler()
                .run(null, said, said, "-cp", path, "-d", folder.toString(), file.toString());
        assertEquals(0, status, () -> said.toString(StandardCharsets.UTF_8));
    }
}

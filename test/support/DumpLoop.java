import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.apache.kafka.tools.DumpLogSegments;

/**
 * Many runs of the genuine dump tool in one JVM. A line of standard input is one run's arguments, between tabs; a line
 * of standard output its exit status, stdout and stderr (base64), between tabs.
 */
public class DumpLoop {
    public static void main(String[] none) throws Exception {
        PrintStream answers = System.out;
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            System.setOut(new PrintStream(out, false, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(err, false, StandardCharsets.UTF_8));
            int status = 0;
            try {
                DumpLogSegments.main(line.split("\t"));
            } catch (Throwable failure) {
                status = 1;
                System.err.println(failure);
            }
            System.out.flush();
            System.err.flush();
            answers.println(status + "\t" + base64(out) + "\t" + base64(err));
        }
        answers.flush();
    }

    private static String base64(ByteArrayOutputStream bytes) {
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}

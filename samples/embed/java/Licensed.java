// SPDX-License-Identifier: MIT
// May the product run? java Licensed.java VENDOR-ID PRODUCT
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Asks carnet-user, which is a program of its own, so that a crash or an update of one never takes the other with it. */
public class Licensed {
    /** The outcome (0 is yes), and what carnet-user said. */
    public record Answer(int outcome, String words) {
    }

    public static Answer check(String vendor, String product) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("carnet-user", "check", product, "--vendor", vendor)
            .redirectErrorStream(true).start();
        process.getOutputStream().close();
        String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Answer(process.waitFor(), words.strip());
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Answer answer = check(arguments[0], arguments[1]);
        System.out.println(answer.outcome() == 0 ? "Working. " + answer.words() : answer.words());
        System.exit(answer.outcome());
    }
}

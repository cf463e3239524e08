package engines;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Decides the payments on standard input, one a line, in their order and without an engine: for check.py to compare. */
public final class Check {
    private Check() {}

    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        Map<String, byte[]> payers = new HashMap<>();
        Map<String, byte[]> payees = new HashMap<>();
        Model model = new Model();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Payment payment = Json.parse(line.getBytes(StandardCharsets.UTF_8));
            payers.compute(payment.payerVpa, (vpa, known) -> Codec.account(Job.payerStep(account(known), payment)));
            Payment passed = Codec.payment(Codec.payment(payment));
            payees.compute(passed.payeeVpa, (vpa, known) -> Codec.account(Job.payeeStep(account(known), passed)));
            out.println(new String(Json.decide(passed, model.one(passed.row)), StandardCharsets.UTF_8));
        }
        out.flush();
    }

    private static Account account(byte[] known) {
        return known == null ? null : Codec.account(known);
    }
}

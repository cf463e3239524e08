package engines;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The lighter job of job.py, free of any engine: the two steps and the five rules. */
final class Job {
    static final int FEATURES = 20;
    private static final int KEPT = 16;
    private static final long MINUTE_MS = 60_000;
    private static final long[] WINDOWS_MS = {5 * MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS};

    private Job() {}

    /** Fill in the payer's ten features, and return its account with this payment; null is an unknown account. */
    static Account payerStep(Account known, Payment payment) {
        return step(known, payment, payment.payeeVpa, 0);
    }

    /** Fill in the payee's ten features, and return its account with this payment. */
    static Account payeeStep(Account known, Payment payment) {
        return step(known, payment, payment.payerVpa, FEATURES / 2);
    }

    private static Account step(Account known, Payment payment, String other, int at) {
        Account account = known == null ? new Account() : known;
        double[] row = payment.row;
        Arrays.fill(row, at, at + 6, 0.0);
        Set<String> others = new HashSet<>();
        double largest = 0.0;
        int count = account.timesMs.length;
        for (int index = 0; index < count; index++) {
            long ageMs = payment.timeMs - account.timesMs[index];
            double paid = account.amounts[index];
            largest = Math.max(largest, paid);
            others.add(account.others[index]);
            for (int window = 0; window < WINDOWS_MS.length; window++) {
                if (0 < ageMs && ageMs <= WINDOWS_MS[window]) {
                    row[at + window] += 1.0;
                    row[at + 3 + window] += paid;
                }
            }
        }
        row[at + 6] = others.size();
        row[at + 7] = others.contains(other) ? 0.0 : 1.0;
        row[at + 8] = count == 0 ? -1.0 : (payment.timeMs - account.timesMs[count - 1]) / 1000.0;
        row[at + 9] = largest == 0.0 ? -1.0 : payment.amount / largest;
        return remember(account, payment, other);
    }

    private static Account remember(Account account, Payment payment, String other) {
        int count = account.timesMs.length;
        int from = Math.max(0, count - KEPT + 1);
        Account grown = new Account();
        grown.timesMs = Arrays.copyOfRange(account.timesMs, from, count + 1);
        grown.amounts = Arrays.copyOfRange(account.amounts, from, count + 1);
        grown.others = Arrays.copyOfRange(account.others, from, count + 1);
        int last = count - from;
        grown.timesMs[last] = payment.timeMs;
        grown.amounts[last] = payment.amount;
        grown.others[last] = other;
        return grown;
    }

    /** Return which of five rules hit. */
    static List<String> rules(double[] row, double amount) {
        List<String> hits = new ArrayList<>(5);
        if (row[0] >= 4) {
            hits.add("PAYER_VELOCITY");
        }
        if (row[3] >= 10_000) {
            hits.add("AMOUNT_BURST");
        }
        if (row[7] == 1.0 && amount >= 10_000) {
            hits.add("NEW_BENEFICIARY");
        }
        if (row[8] > 30 * 86_400) {
            hits.add("DORMANT");
        }
        if (row[10] >= 5 && row[16] >= 5) {
            hits.add("MULE_FAN_IN");
        }
        return hits;
    }
}

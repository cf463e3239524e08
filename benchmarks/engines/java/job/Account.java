package engines;

/** What is kept of an account: its newest payments, oldest first; public fields, as Flink's POJOs have them. */
public class Account {
    public long[] timesMs = {};
    public double[] amounts = {};
    public String[] others = {};
}

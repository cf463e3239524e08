package engines;

/** A payment on its way, with the features found so far; public fields, as Flink's POJOs have them. */
public class Payment {
    public String transactionId;
    public String payerVpa;
    public String payeeVpa;
    public double amount;
    public long timeMs;
    public double[] row = new double[Job.FEATURES];
}

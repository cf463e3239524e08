package engines;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** The two steps as keyed functions of Flink. */
final class FlinkSteps {
    private FlinkSteps() {}

    /** Keeps what is known of the payer. */
    static final class Payer extends KeyedProcessFunction<String, Payment, Payment> {
        private transient ValueState<Account> state;

        @Override
        public void open(OpenContext context) {
            state = getRuntimeContext().getState(new ValueStateDescriptor<>("payers", Account.class));
        }

        @Override
        public void processElement(Payment payment, Context context, Collector<Payment> out) throws Exception {
            state.update(Job.payerStep(state.value(), payment));
            out.collect(payment);
        }
    }

    /** Keeps what is known of the payee, and decides. */
    static final class Payee extends KeyedProcessFunction<String, Payment, Decision> {
        private transient ValueState<Account> state;
        private transient Model model;

        @Override
        public void open(OpenContext context) {
            state = getRuntimeContext().getState(new ValueStateDescriptor<>("payees", Account.class));
            model = new Model();
        }

        @Override
        public void processElement(Payment payment, Context context, Collector<Decision> out) throws Exception {
            state.update(Job.payeeStep(state.value(), payment));
            out.collect(new Decision(payment.payerVpa, Json.decide(payment, model.one(payment.row))));
        }
    }

    /** A decision's record. */
    public static class Decision {
        public String payerVpa;
        public byte[] value;

        public Decision() {}

        Decision(String payerVpa, byte[] value) {
            this.payerVpa = payerVpa;
            this.value = value;
        }
    }
}

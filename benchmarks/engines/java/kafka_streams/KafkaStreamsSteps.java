package engines;

import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** The two steps as processors of Kafka Streams; each passes a payment on under the key that comes next. */
final class KafkaStreamsSteps {
    static final String PAYERS = "payers";
    static final String PAYEES = "payees";

    private KafkaStreamsSteps() {}

    /** Reads a payment and keeps what is known of the payer. */
    static final class Payer implements Processor<String, byte[], String, Payment> {
        private ProcessorContext<String, Payment> context;
        private KeyValueStore<String, Account> store;

        @Override
        public void init(ProcessorContext<String, Payment> given) {
            context = given;
            store = given.getStateStore(PAYERS);
        }

        @Override
        public void process(Record<String, byte[]> record) {
            Payment payment = Json.parse(record.value());
            store.put(payment.payerVpa, Job.payerStep(store.get(payment.payerVpa), payment));
            context.forward(new Record<>(payment.payeeVpa, payment, record.timestamp()));
        }
    }

    /** Keeps what is known of the payee, and decides. */
    static final class Payee implements Processor<String, Payment, String, byte[]> {
        private final Model model = new Model();
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<String, Account> store;

        @Override
        public void init(ProcessorContext<String, byte[]> given) {
            context = given;
            store = given.getStateStore(PAYEES);
        }

        @Override
        public void process(Record<String, Payment> record) {
            Payment payment = record.value();
            store.put(payment.payeeVpa, Job.payeeStep(store.get(payment.payeeVpa), payment));
            byte[] decision = Json.decide(payment, model.one(payment.row));
            context.forward(new Record<>(payment.payerVpa, decision, record.timestamp()));
        }
    }
}

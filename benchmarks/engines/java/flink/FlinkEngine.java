package engines;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The job on Flink, the whole cluster in this process: keyed by payer, then by payee, checkpoints on local disk. */
public final class FlinkEngine {
    private static final String BOOTSTRAP = System.getenv("ENGINE_BOOTSTRAP");
    private static final int LINGER_MS = Integer.parseInt(System.getenv("ENGINE_LINGER_MS"));
    private static final String DECISIONS = System.getenv("ENGINE_DECISIONS");

    private FlinkEngine() {}

    public static void main(String[] arguments) throws Exception {
        int parallelism = Integer.parseInt(System.getenv("ENGINE_THREADS"));
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createLocalEnvironment(parallelism, settings());
        environment
                .fromSource(source(), WatermarkStrategy.noWatermarks(), "payments")
                .keyBy(payment -> payment.payerVpa)
                .process(new FlinkSteps.Payer())
                .keyBy(payment -> payment.payeeVpa)
                .process(new FlinkSteps.Payee())
                .sinkTo(sink());
        environment.execute("engine");
    }

    private static Configuration settings() {
        Path state = Path.of(System.getenv("ENGINE_STATE"));
        Configuration settings = new Configuration();
        // Flink's own 100 ms where producers wait 20; a buffer is sent on at once where they do not wait.
        settings.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ofMillis(Math.max(1, 5 * LINGER_MS)));
        settings.set(PipelineOptions.OBJECT_REUSE, true);
        settings.set(PipelineOptions.GENERIC_TYPES, false);
        settings.set(StateBackendOptions.STATE_BACKEND, System.getenv("ENGINE_BACKEND"));
        settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(5));
        settings.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
        settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, state.resolve("checkpoints").toUri().toString());
        settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(128));
        return settings;
    }

    private static KafkaSource<Payment> source() {
        return KafkaSource.<Payment>builder()
                .setBootstrapServers(BOOTSTRAP)
                .setTopics("transactions")
                .setGroupId("engine-flink")
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setValueOnlyDeserializer(new Payments())
                .build();
    }

    private static KafkaSink<FlinkSteps.Decision> sink() {
        return KafkaSink.<FlinkSteps.Decision>builder()
                .setBootstrapServers(BOOTSTRAP)
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setProperty("compression.type", "lz4")
                .setProperty("batch.size", "262144")
                .setProperty("linger.ms", String.valueOf(LINGER_MS))
                .setRecordSerializer((decision, context, timeMs) -> new ProducerRecord<>(
                        DECISIONS, decision.payerVpa.getBytes(StandardCharsets.UTF_8), decision.value))
                .build();
    }

    /** Payments as records hold them. */
    private static final class Payments extends AbstractDeserializationSchema<Payment> {
        @Override
        public Payment deserialize(byte[] value) {
            return Json.parse(value);
        }
    }
}

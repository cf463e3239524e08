package engines;

import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The job on Kafka Streams: two processors with stores on RocksDB and changelogs, a repartition topic between them. */
public final class KafkaStreamsEngine {
    private static final Serde<Payment> PAYMENTS =
            Serdes.serdeFrom((topic, payment) -> Codec.payment(payment), (topic, bytes) -> Codec.payment(bytes));

    private KafkaStreamsEngine() {}

    public static void main(String[] arguments) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(store(KafkaStreamsSteps.PAYERS));
        builder.addStateStore(store(KafkaStreamsSteps.PAYEES));
        builder.stream("transactions", Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .process(KafkaStreamsSteps.Payer::new, KafkaStreamsSteps.PAYERS)
                .repartition(Repartitioned.with(Serdes.String(), PAYMENTS).withName("by-payee"))
                .process(KafkaStreamsSteps.Payee::new, KafkaStreamsSteps.PAYEES)
                .to(System.getenv("ENGINE_DECISIONS"), Produced.with(Serdes.String(), Serdes.ByteArray()));
        Properties settings = settings();
        KafkaStreams streams = new KafkaStreams(builder.build(settings), settings);
        streams.setUncaughtExceptionHandler(exception -> {
            exception.printStackTrace();
            Runtime.getRuntime().halt(1);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(10))));
        streams.start();
    }

    private static StoreBuilder<KeyValueStore<String, Account>> store(String name) {
        Serde<Account> accounts =
                Serdes.serdeFrom((topic, account) -> Codec.account(account), (topic, bytes) -> Codec.account(bytes));
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), accounts)
                .withCachingEnabled()
                .withLoggingEnabled(Map.of());
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "engine-kafka-streams");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("ENGINE_BOOTSTRAP"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getenv("ENGINE_STATE"));
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, System.getenv("ENGINE_THREADS"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        // Commits flush the cache: a state that changes often goes to RocksDB and the changelog once in five seconds.
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 5_000);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 128L << 20);
        settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksSettings.class);
        settings.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), System.getenv("ENGINE_LINGER_MS"));
        return settings;
    }
}

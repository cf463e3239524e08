package engines;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;

/** Payments read and decisions written by Jackson's streams, the fastest that it has. */
final class Json {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
            .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
            .build();
    private static final int DECISION_BYTES = 640;

    private Json() {}

    /** Return the payment of a record; fields that no step needs are passed over. */
    static Payment parse(byte[] value) {
        Payment payment = new Payment();
        try (JsonParser parser = FACTORY.createParser(value)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                switch (name) {
                    case "transaction_id" -> payment.transactionId = parser.getText();
                    case "payer_vpa" -> payment.payerVpa = parser.getText();
                    case "payee_vpa" -> payment.payeeVpa = parser.getText();
                    case "amount" -> payment.amount = parser.getDoubleValue();
                    case "event_time" -> payment.timeMs = timeMs(parser.getText());
                    default -> parser.skipChildren();
                }
            }
        } catch (IOException exception) {
            throw new UncheckedIOException(exception);
        }
        return payment;
    }

    /** Return milliseconds, cut off from a float of seconds as job.py does: one less here and there. */
    private static long timeMs(String text) {
        Instant time = OffsetDateTime.parse(text).toInstant();
        long micros = time.getEpochSecond() * 1_000_000 + time.getNano() / 1_000;
        return (long) (micros / 1e6 * 1000);
    }

    /** Return the decision. */
    static byte[] decide(Payment payment, double probability) {
        List<String> hits = Job.rules(payment.row, payment.amount);
        ByteArrayBuilder bytes = new ByteArrayBuilder(DECISION_BYTES);
        try (JsonGenerator generator = FACTORY.createGenerator(bytes)) {
            generator.writeStartObject();
            generator.writeStringField("transaction_id", payment.transactionId);
            generator.writeStringField("payer_vpa", payment.payerVpa);
            generator.writeStringField("payee_vpa", payment.payeeVpa);
            generator.writeNumberField("amount", payment.amount);
            generator.writeNumberField("fraud_probability", probability);
            generator.writeArrayFieldStart("rules");
            for (String hit : hits) {
                generator.writeString(hit);
            }
            generator.writeEndArray();
            generator.writeNumberField("risk", Math.min(100, (int) Math.rint(70 * probability) + 10 * hits.size()));
            generator.writeFieldName("features");
            generator.writeArray(payment.row, 0, payment.row.length);
            generator.writeEndObject();
        } catch (IOException exception) {
            throw new UncheckedIOException(exception);
        }
        return bytes.toByteArray();
    }
}

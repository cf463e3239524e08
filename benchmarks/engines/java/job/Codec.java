package engines;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Accounts and payments as compact bytes, for state stores and for topics between steps. */
final class Codec {
    private Codec() {}

    /** Return an account's bytes: time, amount and counterparty of each payment. */
    static byte[] account(Account account) {
        int count = account.timesMs.length;
        byte[][] others = new byte[count][];
        int size = 0;
        for (int index = 0; index < count; index++) {
            others[index] = bytes(account.others[index]);
            size += 2 * Long.BYTES + Short.BYTES + others[index].length;
        }
        ByteBuffer buffer = ByteBuffer.allocate(1 + size).put((byte) count);
        for (int index = 0; index < count; index++) {
            buffer.putLong(account.timesMs[index]).putDouble(account.amounts[index]);
            put(buffer, others[index]);
        }
        return buffer.array();
    }

    /** Return the account of these bytes. */
    static Account account(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        int count = buffer.get();
        Account account = new Account();
        account.timesMs = new long[count];
        account.amounts = new double[count];
        account.others = new String[count];
        for (int index = 0; index < count; index++) {
            account.timesMs[index] = buffer.getLong();
            account.amounts[index] = buffer.getDouble();
            account.others[index] = text(buffer);
        }
        return account;
    }

    /** Return a payment's bytes, of its features those that the payer step has filled in. */
    static byte[] payment(Payment payment) {
        byte[] id = bytes(payment.transactionId);
        byte[] payer = bytes(payment.payerVpa);
        byte[] payee = bytes(payment.payeeVpa);
        int texts = 3 * Short.BYTES + id.length + payer.length + payee.length;
        ByteBuffer buffer = ByteBuffer.allocate(texts + Double.BYTES * (2 + Job.FEATURES / 2));
        put(buffer, id);
        put(buffer, payer);
        put(buffer, payee);
        buffer.putDouble(payment.amount).putLong(payment.timeMs);
        for (int index = 0; index < Job.FEATURES / 2; index++) {
            buffer.putDouble(payment.row[index]);
        }
        return buffer.array();
    }

    /** Return the payment of these bytes. */
    static Payment payment(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        Payment payment = new Payment();
        payment.transactionId = text(buffer);
        payment.payerVpa = text(buffer);
        payment.payeeVpa = text(buffer);
        payment.amount = buffer.getDouble();
        payment.timeMs = buffer.getLong();
        for (int index = 0; index < Job.FEATURES / 2; index++) {
            payment.row[index] = buffer.getDouble();
        }
        return payment;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void put(ByteBuffer buffer, byte[] text) {
        buffer.putShort((short) text.length).put(text);
    }

    private static String text(ByteBuffer buffer) {
        int length = buffer.getShort();
        int at = buffer.position();
        buffer.position(at + length);
        return new String(buffer.array(), at, length, StandardCharsets.UTF_8);
    }
}

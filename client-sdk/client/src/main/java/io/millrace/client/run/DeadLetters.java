package io.millrace.client.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.FailurePolicy;
import io.millrace.client.HandlerFailure;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordMetadata;
import io.millrace.wire.RecordHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Writes what cannot be handled to another topic, before it counts as handled. */
public final class DeadLetters<K, V> implements FailurePolicy<K, V> {
  private static final int MAX_ERROR_CHARACTERS = 1000;

  private final Producer<K, V> producer;
  private final String topic;

  /** The producer is the application's. */
  public DeadLetters(Producer<K, V> producer, String topic) {
    this.producer = producer;
    this.topic = topic;
  }

  @Override
  public Decision decide(HandlerFailure<K, V> failure) throws Exception {
    List<CompletableFuture<RecordMetadata>> written = new ArrayList<>();
    for (ConsumerRecord<K, V> record : failure.records()) {
      written.add(producer.send(letter(record, failure.cause())));
    }
    for (CompletableFuture<RecordMetadata> each : written) {
      try {
        each.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException(
            "what cannot be handled cannot be written to " + topic + " either", e.getCause());
      }
    }
    return new Skip();
  }

  private ProducerRecord<K, V> letter(ConsumerRecord<K, V> record, Exception cause) {
    List<RecordHeader> headers = new ArrayList<>(record.headers());
    headers.add(header("topic", record.topic()));
    headers.add(header("partition", Integer.toString(record.partition())));
    headers.add(header("offset", Long.toString(record.offset())));
    String error = cause.toString();
    headers.add(
        header("error", error.substring(0, Math.min(error.length(), MAX_ERROR_CHARACTERS))));
    return new ProducerRecord<>(topic, null, null, record.key(), record.value(), headers);
  }

  private static RecordHeader header(String name, String value) {
    return new RecordHeader("dead-letter." + name, value.getBytes(UTF_8));
  }
}

package io.millrace.cli;

import io.millrace.client.Acknowledgement;
import io.millrace.client.Callback;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.Durability;
import io.millrace.client.PartitionInfo;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Writes to the first partition of a topic of a {@link PretendCluster}, within send. */
final class PretendProducer implements Producer<byte[], byte[]> {
  private final PretendCluster cluster;
  private volatile boolean closed;

  PretendProducer(PretendCluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public CompletableFuture<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
    throw new UnsupportedOperationException("no command asks for it");
  }

  @Override
  public void send(ProducerRecord<byte[], byte[]> record, Callback callback) {
    if (closed) {
      throw new ClosedException("closed");
    }
    byte[] value = record.value();
    MillraceException error = value == null ? null : cluster.fate.apply(value);
    if (error != null && !(error instanceof OutcomeUnknownException)) {
      callback.onCompletion(null, error);
      return;
    }
    TopicPartition at = new TopicPartition(record.topic(), 0);
    long offset;
    synchronized (cluster) {
      List<ConsumerRecord<ByteBuffer, ByteBuffer>> log = cluster.partition(record.topic(), 0);
      offset = log.size();
      int copies = value == null ? 1 : cluster.copies.applyAsInt(value);
      for (int copy = 0; copy < copies; copy++) {
        log.add(written(record, at, log.size()));
      }
    }
    if (error != null) {
      callback.onCompletion(null, error);
      return;
    }
    Acknowledgement acknowledgement = new Acknowledgement(Durability.STANDARD, 1, 1, true, 0);
    callback.onCompletion(new RecordMetadata(at, offset, 0, acknowledgement), null);
  }

  private ConsumerRecord<ByteBuffer, ByteBuffer> written(
      ProducerRecord<byte[], byte[]> record, TopicPartition at, long offset) {
    byte[] key = record.key();
    byte[] value = record.value();
    return new ConsumerRecord<>(
        at,
        offset,
        cluster.wallMillis++,
        key == null ? null : ByteBuffer.wrap(key),
        value == null ? null : ByteBuffer.wrap(value),
        record.headers());
  }

  @Override
  public void flush() {}

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    return cluster.describe(topic).partitions();
  }

  @Override
  public void close() {
    closed = true;
  }

  @Override
  public void close(Duration timeout) {
    closed = true;
  }
}

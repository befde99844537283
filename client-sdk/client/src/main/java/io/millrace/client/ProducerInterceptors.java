package io.millrace.client;

import io.millrace.client.errors.MillraceException;
import io.millrace.client.send.EndListener;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A producer's chain of interceptors. */
final class ProducerInterceptors<K, V> implements EndListener {
  private final List<ProducerInterceptor<K, V>> chain;
  private final InterceptorFaults faults = new InterceptorFaults();

  ProducerInterceptors(List<? extends ProducerInterceptor<K, V>> chain) {
    this.chain = List.copyOf(chain);
  }

  ProducerRecord<K, V> onSend(ProducerRecord<K, V> record) {
    if (chain.isEmpty()) {
      return record; // an iterator would be an object for each record
    }
    ProducerRecord<K, V> now = record;
    for (ProducerInterceptor<K, V> each : chain) {
      try {
        now = Objects.requireNonNull(each.onSend(now), "onSend returned null");
      } catch (Throwable thrown) {
        faults.tell(each, thrown);
      }
    }
    return now;
  }

  @Override
  public boolean isListening() {
    return !chain.isEmpty();
  }

  @Override
  public void onEnd(
      String topic,
      int partition,
      @Nullable RecordMetadata metadata,
      @Nullable MillraceException error) {
    for (ProducerInterceptor<K, V> each : chain) {
      try {
        each.onEnd(topic, partition, metadata, error);
      } catch (Throwable thrown) {
        faults.tell(each, thrown);
      }
    }
  }

  void close() {
    for (ProducerInterceptor<K, V> each : chain) {
      try {
        each.close();
      } catch (Throwable thrown) {
        faults.tell(each, thrown);
      }
    }
  }
}

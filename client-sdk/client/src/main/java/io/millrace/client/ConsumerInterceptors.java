package io.millrace.client;

import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** A consumer's chain of interceptors. */
final class ConsumerInterceptors<K, V> implements UnaryOperator<ConsumerRecords<K, V>> {
  private final List<ConsumerInterceptor<K, V>> chain;
  private final InterceptorFaults faults = new InterceptorFaults();

  ConsumerInterceptors(List<? extends ConsumerInterceptor<K, V>> chain) {
    this.chain = List.copyOf(chain);
  }

  @Override
  public ConsumerRecords<K, V> apply(ConsumerRecords<K, V> records) {
    ConsumerRecords<K, V> now = records;
    for (ConsumerInterceptor<K, V> each : chain) {
      try {
        now = Objects.requireNonNull(each.onRecords(now), "onRecords returned null");
      } catch (Throwable thrown) {
        faults.tell(each, thrown);
      }
    }
    return now;
  }

  void close() {
    for (ConsumerInterceptor<K, V> each : chain) {
      try {
        each.close();
      } catch (Throwable thrown) {
        faults.tell(each, thrown);
      }
    }
  }
}

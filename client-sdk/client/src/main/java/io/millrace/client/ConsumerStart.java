package io.millrace.client;

import io.millrace.client.consumer.BlockingConsumer;
import io.millrace.client.consumer.PollWait;
import io.millrace.client.consumer.ThreadWait;
import io.millrace.client.group.GroupConsumer;
import java.util.List;

/** Puts a consumer onto a runtime of its own. */
final class ConsumerStart {
  /** Beside what is asked for, a first batch may be this much larger, and there is the head. */
  private static final int MAX_RESPONSE_SLACK_BYTES = 80 << 20;

  private static final int MAX_RESPONSE_BYTES = 1 << 30;

  private ConsumerStart() {}

  /** The real thing: TCP, threads, and ZooKeeper unless the settings bring a discovery. */
  static <K, V> Consumer<K, V> start(
      ConsumerSettings settings,
      Deserializer<? extends K> keys,
      Deserializer<? extends V> values,
      List<? extends ConsumerInterceptor<K, V>> interceptors) {
    return start(settings, true, keys, values, interceptors);
  }

  /** As above, for who knows better when to commit. */
  static <K, V> Consumer<K, V> start(
      ConsumerSettings settings,
      boolean mayAutoCommit,
      Deserializer<? extends K> keys,
      Deserializer<? extends V> values,
      List<? extends ConsumerInterceptor<K, V>> interceptors) {
    long largest = (long) settings.fetchMaxBytes() + MAX_RESPONSE_SLACK_BYTES;
    ClientRuntime runtime =
        ClientRuntime.start(settings, (int) Math.min(largest, MAX_RESPONSE_BYTES));
    PollWait wait = new ThreadWait();
    return inItsGroup(
        runtime,
        wait,
        settings,
        mayAutoCommit,
        over(runtime, wait, settings, keys, values, interceptors));
  }

  /** What an application gets of a consumer that stands. */
  static <K, V> Consumer<K, V> inItsGroup(
      ClientRuntime runtime,
      PollWait wait,
      ConsumerSettings settings,
      boolean mayAutoCommit,
      BlockingConsumer<K, V> reader) {
    return settings.groupId().isPresent()
        ? new GroupConsumer<>(settings, mayAutoCommit, runtime.cluster(), wait, reader)
        : reader;
  }

  /** Over a runtime that nobody else uses; the consumer ends it. */
  static <K, V> BlockingConsumer<K, V> over(
      ClientRuntime runtime,
      PollWait wait,
      ConsumerSettings settings,
      Deserializer<? extends K> keys,
      Deserializer<? extends V> values,
      List<? extends ConsumerInterceptor<K, V>> interceptors) {
    ConsumerInterceptors<K, V> chain = new ConsumerInterceptors<>(interceptors);
    runtime.loop().execute(runtime.cluster()::start);
    return new BlockingConsumer<>(
        settings,
        runtime.cluster(),
        wait,
        ConsumerRecord::new,
        keys,
        values,
        chain,
        timeoutNanos -> {
          chain.close();
          if (runtime.beginClosing()) {
            runtime.loop().execute(runtime::stop);
          }
          runtime.awaitStopped(timeoutNanos);
        });
  }
}

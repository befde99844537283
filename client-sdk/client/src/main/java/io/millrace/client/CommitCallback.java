package io.millrace.client;

import io.millrace.client.errors.MillraceException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Hears what became of an asynchronous commit, on the thread that polls. */
@FunctionalInterface
public interface CommitCallback {
  /**
   * Called once for each commit.
   *
   * @param error null when everything has been committed
   */
  void onCommitted(Map<TopicPartition, CommittedOffset> offsets, @Nullable MillraceException error);
}

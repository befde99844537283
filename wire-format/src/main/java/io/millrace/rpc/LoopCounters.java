package io.millrace.rpc;

import io.millrace.rpc.RpcServerStats.End;
import io.millrace.rpc.RpcServerStats.Refusal;
import java.util.EnumMap;
import java.util.Objects;

/**
 * What one server counts on one loop. Written on that loop only, so plain numbers do; whoever else
 * reads them may see them a little late.
 */
final class LoopCounters {
  long accepted;
  long heldBack;
  long requests;
  long requestsRefused;
  long requestsInFlight;
  long bytesInFlight;
  long bytesReceived;
  long bytesSent;

  // Complete from the beginning: only the numbers in them change.
  private final EnumMap<Refusal, Count> refused = new EnumMap<>(Refusal.class);
  private final EnumMap<End, Count> ended = new EnumMap<>(End.class);

  private static final class Count {
    private long value;
  }

  LoopCounters() {
    for (Refusal refusal : Refusal.values()) {
      refused.put(refusal, new Count());
    }
    for (End end : End.values()) {
      ended.put(end, new Count());
    }
  }

  void refused(Refusal refusal) {
    Objects.requireNonNull(refused.get(refusal)).value++;
  }

  void ended(End end) {
    Objects.requireNonNull(ended.get(end)).value++;
  }

  long count(Refusal refusal) {
    return Objects.requireNonNull(refused.get(refusal)).value;
  }

  long count(End end) {
    return Objects.requireNonNull(ended.get(end)).value;
  }
}

package io.millrace.server.partition;

import io.millrace.wire.v1.LeaderHint;

/** Who leads a partition as far as this broker knows: told to whoever asked the wrong one. */
public record KnownLeader(int broker, int epoch) {
  LeaderHint toHint() {
    return LeaderHint.newBuilder().setBrokerId(broker).setLeaderEpoch(epoch).build();
  }
}

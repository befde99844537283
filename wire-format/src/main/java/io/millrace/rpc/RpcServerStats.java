package io.millrace.rpc;

import java.util.Map;

/**
 * What a server has seen since it started; a little behind when it is busy. Made at each call, from
 * counters that only their loops write: asking costs the loops nothing.
 *
 * @param connections open now
 * @param connectionsAccepted ever
 * @param connectionsRefusedBy ever, by what stood against them; every reason is there
 * @param connectionsEndedBy ever, by how they ended; every way is there
 * @param connectionsHeldBack open and not read from now: as much as allowed is in flight, or the
 *     peer does not take its answers
 * @param requests read whole and understood
 * @param requestsRefused answered with an error before any handler saw them
 * @param requestsInFlight handed to the handler and not finished, now
 * @param bytesInFlight of the requests in flight
 * @param bytesArriving memory taken by large requests that are still coming in
 * @param bytesReceived as they came from the network
 * @param bytesSent of messages that the network has taken whole
 */
public record RpcServerStats(
    long connections,
    long connectionsAccepted,
    Map<Refusal, Long> connectionsRefusedBy,
    Map<End, Long> connectionsEndedBy,
    long connectionsHeldBack,
    long requests,
    long requestsRefused,
    long requestsInFlight,
    long bytesInFlight,
    long bytesArriving,
    long bytesReceived,
    long bytesSent) {

  /** Why a connection was not taken. */
  public enum Refusal {
    /** All connections of the listener are taken. */
    LIMIT,
    /** Its address has as many as one may have. */
    ADDRESS_LIMIT,
    /** The server is closing. */
    CLOSING
  }

  /** How a connection ended that had been taken. */
  public enum End {
    /** The peer closed it. */
    BY_PEER(false),
    /** Reset, or otherwise broken on the way. */
    BROKEN(false),
    /** Nothing was asked of it for too long. */
    IDLE(false),
    /** The server closed. */
    BY_SERVER(false),
    /** No Hello came in time. */
    NO_HELLO(true),
    /** A request that had begun did not come in time. */
    SLOW_SENDER(true),
    /** Answers were not taken in time. */
    SLOW_READER(true),
    /** A length that no frame has, or a message that is none of ours. */
    MALFORMED(true),
    /** A sound message where it must not be: no Hello first, a second one, another cluster's. */
    OUT_OF_PLACE(true);

    private final boolean cut;

    End(boolean cut) {
      this.cut = cut;
    }

    /** Whether the peer is to blame. */
    public boolean isCut() {
      return cut;
    }
  }

  public RpcServerStats {
    connectionsRefusedBy = Map.copyOf(connectionsRefusedBy);
    connectionsEndedBy = Map.copyOf(connectionsEndedBy);
  }

  /** For whatever reason. */
  public long connectionsRefused() {
    return connectionsRefusedBy.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Closed from here for bad or too slow input, or for not taking what was asked for. */
  public long connectionsCut() {
    long cut = 0;
    for (Map.Entry<End, Long> each : connectionsEndedBy.entrySet()) {
      cut += each.getKey().isCut() ? each.getValue() : 0;
    }
    return cut;
  }

  public long endedBy(End end) {
    return connectionsEndedBy.getOrDefault(end, 0L);
  }

  public long refusedBy(Refusal refusal) {
    return connectionsRefusedBy.getOrDefault(refusal, 0L);
  }
}

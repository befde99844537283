package io.millrace.server.explain;

import io.millrace.rpc.Clock;
import io.millrace.server.partition.PartitionId;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * What waits in this broker, and for what: whoever makes something wait writes it down here, and
 * takes it away when it is over. Any thread; written at changes only, never on the way of a record.
 */
public final class WaitBoard {
  private final Clock clock;
  private final Map<Key, Finding> waits = new ConcurrentSkipListMap<>();

  /**
   * @param subject a partition, or something of the broker such as another broker's number
   */
  private record Key(String subject, Reason reason, String detail) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      int bySubject = subject.compareTo(other.subject);
      int byReason = bySubject != 0 ? bySubject : reason.compareTo(other.reason);
      return byReason != 0 ? byReason : detail.compareTo(other.detail);
    }
  }

  private static final String BROKER = "";

  public WaitBoard(Clock clock) {
    this.clock = clock;
  }

  /** The partition waits; said again with other words, it has still waited since the first time. */
  public void begin(PartitionId id, Reason reason, String text) {
    put(new Key(id.toString(), reason, ""), text);
  }

  /** It waits no more for this; does nothing when it did not. */
  public void end(PartitionId id, Reason reason) {
    waits.remove(new Key(id.toString(), reason, ""));
  }

  /**
   * The broker as a whole waits.
   *
   * @param detail tells several waits for the same reason apart
   */
  public void begin(Reason reason, String detail, String text) {
    put(new Key(BROKER, reason, detail), text);
  }

  public void end(Reason reason, String detail) {
    waits.remove(new Key(BROKER, reason, detail));
  }

  private void put(Key key, String text) {
    OptionalLong now = OptionalLong.of(clock.wallMillis());
    waits.merge(
        key,
        new Finding(key.reason(), text, now),
        (before, after) -> new Finding(after.reason(), after.text(), before.sinceMillis()));
  }

  /** Whether the broker as a whole waits for that. */
  public boolean isWaiting(Reason reason) {
    return ofBroker().stream().anyMatch(each -> each.reason() == reason);
  }

  /** Of that partition here. */
  public List<Finding> of(PartitionId id) {
    return of(id.toString());
  }

  /** Of the broker as a whole. */
  public List<Finding> ofBroker() {
    return of(BROKER);
  }

  private List<Finding> of(String subject) {
    return waits.entrySet().stream()
        .filter(each -> each.getKey().subject().equals(subject))
        .map(Map.Entry::getValue)
        .toList();
  }
}

package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A broker without room on its disk takes no records, so it should lead nothing that another
 * replica can lead: it says so to those it copies from, and hands over. What it was elected to lead
 * meanwhile and cannot begin, as when its log has to be cut first and that finds no room, it
 * resigns. Owner: the store's loop.
 */
final class FullDiskDuty {
  /** A hand-over that comes to nothing keeps producers waiting for a second. */
  private static final long AGAIN_NANOS = SECONDS.toNanos(10);

  private final Clock clock;
  private final ReplicaTable table;
  private final BooleanSupplier isFull;
  private final RangeRepairs.GivingAway giving;
  private final RangeRepairs.GivingAway resigning;
  private final Consumer<Boolean> tell;
  private final String why;
  private final Map<Replica, Long> triedNanos = new HashMap<>();
  private boolean wasFull;

  /**
   * @param isFull whether appends are being refused for lack of space
   * @param giving of what is led
   * @param resigning of what cannot begin to be led
   * @param tell that it is, or is no more
   */
  FullDiskDuty(
      Clock clock,
      int self,
      ReplicaTable table,
      BooleanSupplier isFull,
      RangeRepairs.GivingAway giving,
      RangeRepairs.GivingAway resigning,
      Consumer<Boolean> tell) {
    this.clock = clock;
    this.table = table;
    this.isFull = isFull;
    this.giving = giving;
    this.resigning = resigning;
    this.tell = tell;
    this.why = "the disk of broker " + self + " is full, and another replica has room";
  }

  /** Every second. */
  void look() {
    boolean full = isFull.getAsBoolean();
    if (full != wasFull) {
      wasFull = full;
      triedNanos.clear();
      tell.accept(full);
    }
    if (full) {
      for (Replica replica : table.all()) {
        if (replica.epochLed >= 0) {
          giveAway(replica);
        }
      }
    }
  }

  private void giveAway(Replica replica) {
    long now = clock.nanoTime();
    Long tried = triedNanos.get(replica);
    if (tried != null && now - tried < AGAIN_NANOS) {
      return;
    }
    RangeRepairs.GivingAway way = replica.hasBegun() ? giving : resigning;
    if (way.giveAway(replica, why)) {
      triedNanos.put(replica, now);
    }
  }
}

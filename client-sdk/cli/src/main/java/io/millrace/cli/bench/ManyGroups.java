package io.millrace.cli.bench;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.ExitCode;
import io.millrace.cli.JsonText;
import io.millrace.rpc.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Many groups of one member each, which read nothing: what it takes to make them, and what it costs
 * to keep them. The main thread's.
 */
final class ManyGroups {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(180);
  private static final long END_SECONDS = 120;

  private final int partitions;
  private final Clock clock;
  private final BooleanSupplier interrupted;
  private final long restNanos;
  private final List<GroupMember> members = new ArrayList<>();
  private final List<Long> assigned = new ArrayList<>();

  private long assembledNanos = -1;
  private long steadyFromMillis;
  private long steadyToMillis;
  private double requestsPerSecond;
  private long endedNanos;

  /**
   * @param restNanos between all having their partitions and the time that counts
   */
  ManyGroups(int partitions, long restNanos, Clock clock, BooleanSupplier interrupted) {
    this.partitions = partitions;
    this.restNanos = restNanos;
    this.clock = clock;
    this.interrupted = interrupted;
  }

  /** All at once; false when some have not got their partitions in time. */
  boolean assemble(int count, IntFunction<GroupMember> hiring) {
    long start = clock.nanoTime();
    for (int i = 0; i < count; i++) {
      GroupMember member = hiring.apply(i);
      members.add(member);
      member.start();
    }
    List<GroupMember> waiting = new ArrayList<>(members);
    while (!waiting.isEmpty() && !interrupted.getAsBoolean()) {
      long now = clock.nanoTime();
      waiting.removeIf(
          member -> {
            if (member.ended().isDone()) {
              throw endedEarly(failureOf(member));
            }
            boolean has = member.held().size() == partitions;
            if (has) {
              assigned.add(now - start);
            }
            return has;
          });
      if (now - start > PATIENCE_NANOS) {
        return false;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    if (!waiting.isEmpty()) {
      return false;
    }
    assembledNanos = clock.nanoTime() - start;
    return true;
  }

  /** Nothing happens but heartbeats. */
  void keep(long nanos) {
    rest(restNanos);
    long before = requests();
    long start = clock.nanoTime();
    steadyFromMillis = clock.wallMillis();
    rest(nanos);
    steadyToMillis = clock.wallMillis();
    requestsPerSecond = (requests() - before) / ((clock.nanoTime() - start) / 1e9);
  }

  private long requests() {
    return members.stream().mapToLong(GroupMember::requests).sum();
  }

  private void rest(long nanos) {
    long until = clock.nanoTime() + nanos;
    while (clock.nanoTime() - until < 0 && !interrupted.getAsBoolean()) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** Waits for all, so that no session of theirs is left; some may have failed. */
  void dissolve() {
    long start = clock.nanoTime();
    members.forEach(GroupMember::end);
    long failed = members.stream().filter(member -> failureOf(member) != null).count();
    endedNanos = failed == 0 ? clock.nanoTime() - start : -1;
  }

  private static CommandFailedException endedEarly(@Nullable Throwable why) {
    return new CommandFailedException(
        ExitCode.FAILED.number(),
        "a member ended early: %s; each takes 4 MiB of direct memory and some file handles: see"
                .formatted(why)
            + " MILLRACE_OPTS=-XX:MaxDirectMemorySize=3g and ulimit -n",
        why);
  }

  private static @Nullable Throwable failureOf(GroupMember member) {
    try {
      var unused = member.ended().get(END_SECONDS, TimeUnit.SECONDS);
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (TimeoutException e) {
      return e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return e;
    }
  }

  boolean hasFormed() {
    return assembledNanos >= 0;
  }

  /** Members of the result. */
  void json(JsonText json) {
    if (assembledNanos < 0) {
      json.name("assigned_ms").nullValue();
    } else {
      json.field("assigned_ms", assembledNanos / 1e6);
    }
    Spread.of(assigned).json("each_assigned_ms", json);
    json.field("steady_from_ms", steadyFromMillis).field("steady_to_ms", steadyToMillis);
    json.field("steady_requests_per_s", requestsPerSecond);
    if (endedNanos < 0) {
      json.name("left_ms").nullValue();
    } else {
      json.field("left_ms", endedNanos / 1e6);
    }
  }

  /** For people. */
  String text() {
    return String.format(
        java.util.Locale.ROOT,
        "all had their partitions after %s (middle and last: %s);"
            + " then %.0f requests/s; all had left after %s\n",
        assembledNanos < 0 ? "never" : Latencies.duration(assembledNanos),
        Spread.of(assigned).text(),
        requestsPerSecond,
        endedNanos < 0 ? "never" : Latencies.duration(endedNanos));
  }
}

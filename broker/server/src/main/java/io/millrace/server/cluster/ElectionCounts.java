package io.millrace.server.cluster;

import io.millrace.coordination.election.ElectionCause;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** How this broker's candidacies ended, for the metrics. Any thread. */
public final class ElectionCounts {
  private final Map<Result, LongAdder> counts = new EnumMap<>(Result.class);

  /** What a candidacy came to. */
  public enum Result {
    WON,
    /** Somebody else leads, or the partition is gone. */
    ELSEWHERE,
    /** To be tried again: others go first, or the store did not answer. */
    AGAIN,
    /** Nobody can lead now. */
    IMPOSSIBLE;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Map<ElectionCause, LongAdder> causes = new EnumMap<>(ElectionCause.class);
  private final LongAdder unclean = new LongAdder();
  private final LongAdder handedOver = new LongAdder();
  private final LongAdder suspicions = new LongAdder();

  ElectionCounts() {
    for (ElectionCause cause : ElectionCause.values()) {
      causes.put(cause, new LongAdder());
    }
    for (Result result : Result.values()) {
      counts.put(result, new LongAdder());
    }
  }

  void ended(Elections.Result result) {
    Result counted =
        result instanceof Elections.Result.Elected
            ? Result.WON
            : result instanceof Elections.Result.Again
                ? Result.AGAIN
                : result instanceof Elections.Result.Impossible
                    ? Result.IMPOSSIBLE
                    : Result.ELSEWHERE;
    of(counted).increment();
  }

  /** By a write of this broker. */
  void won(ElectionCause cause) {
    Objects.requireNonNull(causes.get(cause)).increment();
  }

  public long count(ElectionCause cause) {
    return Objects.requireNonNull(causes.get(cause)).sum();
  }

  /** This broker has had a replica lead that may lack what was committed. */
  void uncleanlyElected() {
    unclean.increment();
  }

  public long unclean() {
    return unclean.sum();
  }

  /** Another broker leads what this one led, by this one's own wish. */
  void handedOver() {
    handedOver.increment();
  }

  public long handOvers() {
    return handedOver.sum();
  }

  /** A broker that this one copies from does not answer. */
  public void suspected() {
    suspicions.increment();
  }

  public long suspicions() {
    return suspicions.sum();
  }

  private LongAdder of(Result result) {
    return Objects.requireNonNull(counts.get(result));
  }

  public long count(Result result) {
    return of(result).sum();
  }
}

package io.millrace.client;

import io.millrace.client.run.DeadLetters;
import java.time.Duration;

/**
 * What a {@link ConsumerRunner} does when a handler throws. Called on the handler's thread; may
 * wait there. What it throws itself stops the runner.
 */
@FunctionalInterface
public interface FailurePolicy<K, V> {
  /** Says what to do about it. */
  Decision decide(HandlerFailure<K, V> failure) throws Exception;

  /** What becomes of the records. */
  sealed interface Decision permits Stop, Skip, Retry {}

  /**
   * The runner ends with {@link io.millrace.client.errors.HandlerFailedException}; the records are
   * not committed.
   */
  record Stop() implements Decision {}

  /** They count as handled. */
  record Skip() implements Decision {}

  /**
   * The handler is called with the same records once more. Their partition waits, others go on.
   *
   * @param pause before that, not negative
   */
  record Retry(Duration pause) implements Decision {
    /** Checks what was given. */
    public Retry {
      if (pause.isNegative()) {
        throw new IllegalArgumentException("a negative pause: " + pause);
      }
    }
  }

  /** The default: nothing is lost, and nothing goes on, until somebody has looked. */
  static <K, V> FailurePolicy<K, V> stop() {
    return failure -> new Stop();
  }

  /** Goes on with the next records; these are lost to the group. */
  static <K, V> FailurePolicy<K, V> skip() {
    return failure -> new Skip();
  }

  /**
   * Tries so many times more, and then does what the other policy says. The pause doubles from one
   * time to the next, up to 16 times the first.
   *
   * @param times at least 1
   * @param pause before the first repetition
   */
  static <K, V> FailurePolicy<K, V> retry(int times, Duration pause, FailurePolicy<K, V> then) {
    if (times < 1) {
      throw new IllegalArgumentException("times is " + times + " but may be: 1 or more");
    }
    Retry first = new Retry(pause); // refuses a negative pause now
    return failure ->
        failure.attempt() <= times
            ? new Retry(first.pause().multipliedBy(1L << Math.min(failure.attempt() - 1, 4)))
            : then.decide(failure);
  }

  /**
   * Writes the records to another topic, waits until they are safe there, and goes on. Headers
   * {@code dead-letter.topic}, {@code .partition}, {@code .offset} and {@code .error} are added.
   * When they cannot be written the runner stops, and nothing is lost. A record may be written
   * there twice, as it may be handled twice. What cannot be deserialized can only be written by a
   * runner whose deserializers are {@link Deserializers#bytes} or the like.
   *
   * @param producer the application's; it closes it
   * @param topic has to exist, or to be created on first use
   */
  static <K, V> FailurePolicy<K, V> deadLetter(Producer<K, V> producer, String topic) {
    return new DeadLetters<>(producer, topic);
  }
}

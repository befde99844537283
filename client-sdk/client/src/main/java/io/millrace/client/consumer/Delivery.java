package io.millrace.client.consumer;

import io.millrace.client.errors.MillraceException;
import java.util.function.LongFunction;

/** What the loop has to tell of one run, in the order of its offsets. */
sealed interface Delivery {
  ReadRun run();

  /** Reading begins, or goes on, here. */
  record Located(ReadRun run, long offset) implements Delivery {}

  /** There is nothing below this offset that was not delivered before. */
  record Passed(ReadRun run, long nextOffset) implements Delivery {}

  /** Records. */
  record Records(FetchedShare share) implements Delivery {
    @Override
    public ReadRun run() {
      return share.run();
    }
  }

  /**
   * The run has ended with what cannot stand here. It is asked for once more before anybody is
   * told.
   *
   * @param why made by who takes the delivery, of the consumer's position
   */
  record Damaged(ReadRun run, LongFunction<MillraceException> why) implements Delivery {}

  /**
   * The run has ended.
   *
   * @param why made on the thread that throws it, of the consumer's position; negative: none
   */
  record Failed(ReadRun run, LongFunction<MillraceException> why) implements Delivery {}
}

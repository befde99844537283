package io.millrace.client.consumer;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Whole batches of one partition that were fetched and wait to be read.
 *
 * <p>Made by the loop, then owned by whoever takes it out of the {@link Handover}, who gives it
 * back exactly once. Its buffer's position is the first batch that has not been read to its end.
 */
final class FetchedShare {
  private final ReadRun run;
  private final long nextOffset;
  private final int sizeBytes;
  private @Nullable FetchedFrame frame;
  private final PrefetchMemory prefetched;
  private ByteBuffer batches;
  private boolean released;

  /**
   * @param nextOffset where reading goes on behind it
   */
  FetchedShare(ReadRun run, ByteBuffer batches, long nextOffset, FetchedFrame frame) {
    this.run = run;
    this.batches = batches;
    this.nextOffset = nextOffset;
    this.sizeBytes = batches.remaining();
    this.frame = frame;
    this.prefetched = frame.prefetched();
    frame.join();
    run.addHeldBytes(sizeBytes);
  }

  ReadRun run() {
    return run;
  }

  ByteBuffer batches() {
    return batches;
  }

  long nextOffset() {
    return nextOffset;
  }

  /** Copies what is left, so that a partition that pauses does not keep the memory of others. */
  void detach() {
    FetchedFrame shared = frame;
    if (shared != null && !released) {
      // The whole, so that positions stay what they are.
      ByteBuffer copy = ByteBuffer.allocate(batches.limit());
      copy.put(batches.position(), batches, batches.position(), batches.remaining());
      batches = copy.position(batches.position());
      prefetched.take(sizeBytes);
      frame = null;
      shared.leave();
    }
  }

  void release() {
    if (released) {
      throw new IllegalStateException("a share of " + run + " was given back twice");
    }
    released = true;
    run.addHeldBytes(-sizeBytes);
    prefetched.noteRead();
    if (frame != null) {
      frame.leave();
    } else {
      prefetched.give(sizeBytes);
    }
  }
}
